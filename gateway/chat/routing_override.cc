#include "gateway/chat/routing_override.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "config/nearest.h"

namespace gateway::chat {
namespace {

using config::Result;

config::Error refuse(std::string_view header, const std::string& why) {
  return config::invalid_request(fmt::format("The header {} {}", header, why), std::string(header));
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Result<config::Order> read_order(std::string_view text) {
  std::string known;
  for (const auto& [word, order] : config::kOrders) {
    if (word == text) return order;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  return refuse(kOrderHeader, fmt::format("is one of {}.", known));
}

Result<std::vector<const RouteTarget*>> read_targets(std::string_view text, const Route& route) {
  std::vector<const RouteTarget*> out;
  for (;;) {
    const auto comma = text.find(',');
    const std::string_view name = trimmed(text.substr(0, comma));
    const auto found =
        std::find_if(route.targets.begin(), route.targets.end(),
                     [&](const RouteTarget& one) { return one.target.name.view() == name; });
    if (found == route.targets.end()) {
      std::string known;
      for (const RouteTarget& one : route.targets) {
        known += (known.empty() ? "" : ", ") + one.target.name.str();
      }
      return refuse(
          kTargetHeader,
          fmt::format("names {}, which is no target of {}; there are {}, and commas "
                      "stand between several.",
                      config::in_quotes(name), config::in_quotes(route.model->name.view()), known));
    }
    if (std::find(out.begin(), out.end(), &*found) != out.end()) {
      return refuse(kTargetHeader, fmt::format("names {} twice.", name));
    }
    out.push_back(&*found);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<RoutingOverride> read_routing_override(std::string_view order, std::string_view targets,
                                              const Route& route, const VirtualKey& caller) {
  RoutingOverride out;
  order = trimmed(order);
  targets = trimmed(targets);
  if (order.empty() && targets.empty()) return out;
  const std::string_view header = order.empty() ? kTargetHeader : kOrderHeader;
  if (!caller.allow_routing_override) {
    config::Error error = config::failure(
        config::ErrorCode::forbidden,
        fmt::format("This key may not choose who answers; leave out the header {}, or use a key "
                    "that has allow_routing_override.",
                    header));
    error.param = header;
    return error;
  }
  if (!order.empty()) {
    auto read = read_order(order);
    if (!read) return std::move(read).error();
    out.order = *read;
  }
  if (targets.empty()) return out;
  auto read = read_targets(targets, route);
  if (!read) return std::move(read).error();
  out.only = *std::move(read);
  if (!out.order) out.order = config::Order::in_order;
  return out;
}

}  // namespace gateway::chat
