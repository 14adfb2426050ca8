#pragma once
// What a request says itself about who may answer it, for keys that may: `x-tollgate-order:
// cheapest`, `x-tollgate-target: NAME,NAME`. Pure.

#include <optional>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "config/order.h"
#include "gateway/routing_table.h"
#include "gateway/virtual_keys.h"

namespace gateway::chat {

inline constexpr std::string_view kOrderHeader = "x-tollgate-order";
inline constexpr std::string_view kTargetHeader = "x-tollgate-target";

struct RoutingOverride {
  std::optional<config::Order> order;    // nullopt: the model's, or that of `only`
  std::vector<const RouteTarget*> only;  // these alone; empty: all of the route's
};

// The headers' values, empty where there are none. Names are those of the route's targets, as
// configured; given without an order, they are tried as they stand. forbidden where the caller's
// key may not; invalid_request, which lists the choices, for a word that is none of them.
config::Result<RoutingOverride> read_routing_override(std::string_view order,
                                                      std::string_view targets, const Route& route,
                                                      const VirtualKey& caller);

}  // namespace gateway::chat
