#include "gateway/chat/target_order.h"

#include <algorithm>

namespace gateway::chat {
namespace {

int usefulness(const config::Error& error) {
  using enum config::ErrorCode;
  switch (error.code) {
    // The client's own doing, said by an upstream that looked: nothing explains more.
    case upstream_rejected:
    case content_policy:
    case context_length:
      return 7;
    case upstream_busy:
      return 6;
    case upstream_timeout:
      return 5;
    case upstream_unavailable:
    case upstream_garbled:
      return 4;
    case upstream_no_credit:
    case upstream_denied:
    case budget_exceeded:
    case price_unknown:
      return 3;
    case upstream_model_missing:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

bool serves(const config::Capabilities& can, providers::Operation operation) {
  switch (operation) {
    case providers::Operation::chat:
      return can.chat;
    case providers::Operation::completions:
      return can.completions;
    case providers::Operation::embeddings:
      return can.embeddings;
  }
  return false;
}

std::vector<const RouteTarget*> target_order(const Route& route, providers::Operation operation,
                                             std::mt19937_64& random) {
  std::vector<const RouteTarget*> order;
  order.reserve(route.targets.size());
  int total = 0;
  for (const RouteTarget& candidate : route.targets) {
    if (!serves(candidate.target.can, operation)) continue;
    order.push_back(&candidate);
    total += candidate.target.weight;
  }
  if (route.model->order == config::Order::in_order || order.size() < 2 || total <= 0) return order;
  int draw = std::uniform_int_distribution<int>(0, total - 1)(random);
  const auto first = std::find_if(order.begin(), order.end(), [&](const RouteTarget* candidate) {
    draw -= candidate->target.weight;
    return draw < 0;
  });
  std::rotate(order.begin(), first, first + 1);
  return order;
}

bool may_try(const config::Target& next, const config::Target& failed, const config::Error& error) {
  if (error.another_target_may_try()) return true;
  return error.code == config::ErrorCode::context_length && failed.context_length > 0 &&
         next.context_length > failed.context_length;
}

const config::Error& more_useful(const config::Error& a, const config::Error& b) {
  return usefulness(b) > usefulness(a) ? b : a;
}

}  // namespace gateway::chat
