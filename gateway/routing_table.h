#pragma once
// Model name -> route: exact name, alias, then the longest wildcard prefix. Built
// with a snapshot, then const; any thread. Pointers last as long as the table.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "gateway/virtual_keys.h"
#include "providers/adapter.h"

namespace gateway {

struct RouteTarget {
  config::Target target;  // capabilities resolved
  const providers::Adapter* adapter;
};

struct Route {
  const config::Model* model;
  std::vector<RouteTarget> targets;
};

// A route for one asked name. `rest` is what the wildcard stood for.
struct RouteMatch {
  const Route* route = nullptr;
  std::string rest;  // owned: the request it came from moves on
};

class RoutingTable {
 public:
  // `models` outlives the table. An Error is a configuration problem that only the
  // adapters can see, such as an unknown preset.
  static config::Result<RoutingTable> build(const std::vector<config::Model>& models);

  // model_not_found where there is no route, and equally where the key may not use
  // it: a key learns nothing about models it cannot have.
  config::Result<RouteMatch> find(std::string_view model, const VirtualKey& key) const;

  // Every route in the operator's order.
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::unordered_map<std::string_view, std::size_t> exact_;  // names and aliases
  // Longest prefix first, so that the first match is the longest one.
  std::map<std::size_t, std::unordered_map<std::string_view, std::size_t>, std::greater<>>
      prefixes_;
};

}  // namespace gateway
