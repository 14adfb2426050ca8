#include "gateway/routing_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "providers/registry.h"

namespace gateway {
namespace {

config::Error not_found(std::string_view model) {
  // The name is the caller's text: show enough to recognise it, never all of it.
  constexpr std::size_t kShown = 128;
  const bool cut = model.size() > kShown;
  config::Error error;
  error.code = config::ErrorCode::model_not_found;
  error.message = fmt::format(
      "The model '{}{}' does not exist or this key may not use it; GET /v1/models lists what it "
      "may.",
      model.substr(0, kShown), cut ? "…" : "");
  error.param = "model";
  return error;
}

config::Result<RouteTarget> compile(const config::Target& target) {
  const providers::Adapter* adapter = providers::find_adapter(target.kind);
  if (adapter == nullptr) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("no adapter for kind '{}'", target.kind));
  }
  auto defaults = adapter->capabilities(target);
  if (!defaults) return defaults.error();
  RouteTarget out{target, adapter};
  out.target.can = target.overrides.over(*std::move(defaults));
  return out;
}

// Research takes minutes and costs per request: it must never answer silently where a
// chat model was asked for, nor the other way round.
bool mixes_research(const Route& route) {
  const auto researches = [](const RouteTarget& target) { return target.target.can.research; };
  return std::any_of(route.targets.begin(), route.targets.end(), researches) &&
         !std::all_of(route.targets.begin(), route.targets.end(), researches);
}

}  // namespace

config::Result<RoutingTable> RoutingTable::build(const std::vector<config::Model>& models) {
  RoutingTable table;
  table.routes_.reserve(models.size());
  for (const config::Model& model : models) {
    Route route{&model, {}};
    for (const config::Target& target : model.targets) {
      auto compiled = compile(target);
      if (!compiled) return compiled.error();
      route.targets.push_back(*std::move(compiled));
    }
    if (mixes_research(route)) {
      return config::failure(
          config::ErrorCode::invalid_request,
          fmt::format("model '{}': targets that research stand beside targets that do not; give "
                      "each a model of its own",
                      model.name.view()));
    }
    const std::size_t index = table.routes_.size();
    table.routes_.push_back(std::move(route));
    const std::string_view name = model.name.view();
    if (name.ends_with('*')) {
      table.prefixes_[name.size() - 1].emplace(name.substr(0, name.size() - 1), index);
    } else {
      table.exact_.emplace(name, index);
    }
    for (const std::string& alias : model.aliases) table.exact_.emplace(alias, index);
  }
  return table;
}

config::Result<RouteMatch> RoutingTable::find(std::string_view model, const VirtualKey& key) const {
  if (const auto found = exact_.find(model); found != exact_.end()) {
    const Route& route = routes_[found->second];
    // The allow-list speaks of configured names: an alias is no way around it.
    if (!key.allows(route.model->name.view())) return not_found(model);
    return RouteMatch{&route, {}};
  }
  for (const auto& [length, routes] : prefixes_) {
    if (model.size() <= length) continue;
    const auto found = routes.find(model.substr(0, length));
    if (found == routes.end()) continue;
    if (!key.allows(model)) return not_found(model);
    return RouteMatch{&routes_[found->second], std::string(model.substr(length))};
  }
  return not_found(model);
}

}  // namespace gateway
