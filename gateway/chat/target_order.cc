#include "gateway/chat/target_order.h"

#include "gateway/chat/choice_cheapest.h"
#include "gateway/chat/choice_fastest.h"
#include "gateway/chat/choice_sticky.h"
#include "gateway/chat/choice_weighted.h"

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

void arrange(Targets& targets, const Choice& choice) {
  using enum config::Order;
  switch (choice.order) {
    case in_order:
      return;
    case weighted:
      if (choice.random != nullptr) draw_by_weight(targets, *choice.random);
      return;
    case cheapest:
      return cheapest_first(targets, choice.chat, choice.model);
    case fastest:
      if (choice.latencies == nullptr) return;
      return fastest_first(targets, choice.chat.stream, *choice.latencies, choice.now,
                           choice.random);
    case sticky:
      return by_conversation(
          targets, conversation_of(choice.chat, choice.model, choice.caller, choice.json));
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

Targets target_order(const Route& route, const Choice& choice,
                     std::span<const RouteTarget* const> only) {
  Targets order;
  order.reserve(route.targets.size());
  const auto take = [&](const RouteTarget& target) {
    if (serves(target.target.can, choice.chat.operation)) order.push_back(&target);
  };
  if (only.empty()) {
    for (const RouteTarget& target : route.targets) take(target);
  } else {
    for (const RouteTarget* target : only) take(*target);
  }
  if (order.size() > 1) arrange(order, choice);
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
