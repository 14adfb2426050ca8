#include "gateway/admin/targets_api.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/calendar.h"
#include "config/nearest.h"
#include "gateway/admin/read_call.h"
#include "gateway/admin/usage_api.h"
#include "gateway/watched_targets.h"
#include "providers/wire/json_writer.h"

namespace gateway::admin {
namespace {

using config::Result;
using providers::JsonWriter;
using upstream::CircuitBreaker;

constexpr std::string_view kPath = "/api/targets";

std::string_view to_string(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::closed:
      return "closed";
    case CircuitBreaker::State::open:
      return "open";
    case CircuitBreaker::State::half_open:
      return "half_open";
  }
  return "closed";
}

void write_circuit(JsonWriter& json, const CircuitBreaker::Status& status,
                   config::Clock::Wall now) {
  json.member("state", to_string(status.state));
  json.key("reason");
  if (status.state == CircuitBreaker::State::closed) {
    json.null();
  } else {
    json.begin_object().member("code", status.why ? config::to_string(*status.why) : "held");
    json.member("in_a_row", status.in_a_row).end_object();
  }
  json.key("next_probe_at");
  if (status.next_probe && *status.next_probe > std::chrono::milliseconds(0)) {
    json.value(config::rfc3339(now + *status.next_probe, "UTC"));
  } else {
    json.null();
  }
}

void write_target(JsonWriter& json, const std::string& name, const WatchedTarget& watched,
                  const config::Clock& clock) {
  std::uint64_t opened = 0;
  for (const auto& [model, breaker] : watched.breakers) opened += breaker->opened();
  json.begin_object().member("name", name);
  json.member("provider", watched.target->provider.view());
  json.member("simulated", watched.target->simulated);
  json.key("routes").begin_array();
  for (const std::string& route : watched.routes) json.value(route);
  json.end_array();
  CircuitBreaker::Status own;
  if (!watched.pattern() && !watched.breakers.empty()) {
    own = watched.breakers.front().second->status(clock.now());
  }
  write_circuit(json, own, clock.wall());
  json.member("opened", opened);
  json.key("models").begin_array();
  for (const auto& [model, breaker] : watched.breakers) {
    const auto status = breaker->status(clock.now());
    if (!watched.pattern() || status.state == CircuitBreaker::State::closed) continue;
    json.begin_object().member("name", model);
    write_circuit(json, status, clock.wall());
    json.end_object();
  }
  json.end_array().end_object();
}

// The model whose targets are asked for; empty: all.
Result<std::string> route_in(std::string_view query) {
  const auto parameters = parameters_of(query);
  if (!parameters) return parameters.error();
  std::string route;
  for (const auto& [name, value] : *parameters) {
    if (name != "route") {
      return config::invalid_request(
          fmt::format("There is no parameter {}; there is route.", config::in_quotes(name)), name);
    }
    route = value;
  }
  return route;
}

Result<void> known_route(const std::string& route, const Snapshot& snapshot) {
  std::vector<std::string_view> known;
  for (const Route& one : snapshot.routes().routes()) known.push_back(one.model->name.view());
  if (route.empty() || std::find(known.begin(), known.end(), route) != known.end()) return {};
  return config::failure(
      config::ErrorCode::not_found,
      config::as_sentence(fmt::format("There is no model {}{}", config::in_quotes(route),
                                      config::did_you_mean(route, known))));
}

Result<Answer> list(const TargetsSource& source, std::string_view query) {
  const auto route = route_in(query);
  if (!route) return route.error();
  const auto snapshot = source.snapshot();
  if (auto known = known_route(*route, *snapshot); !known) return std::move(known).error();
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object().member("as_of", config::rfc3339(source.clock.wall(), "UTC"));
  json.member("zone", "UTC").key("targets").begin_array();
  for (const auto& [name, watched] : watched_targets(*snapshot, source.breakers)) {
    const auto& routes = watched.routes;
    const bool asked_for =
        route->empty() || std::find(routes.begin(), routes.end(), *route) != routes.end();
    if (asked_for) write_target(json, name, watched, source.clock);
  }
  json.end_array().end_object();
  return answer;
}

struct Order {
  std::string target;
  std::string action;  // "reset" or "hold"
};

// "/api/targets/near/some/model/reset": a target's name holds slashes itself.
Result<Order> order_in(std::string_view path) {
  path.remove_prefix(kPath.size() + 1);
  const auto slash = path.rfind('/');
  const std::string_view action = slash == std::string_view::npos ? "" : path.substr(slash + 1);
  if (action != "reset" && action != "hold") {
    return config::failure(config::ErrorCode::not_found,
                           "There is /api/targets/NAME/reset and /api/targets/NAME/hold.");
  }
  return Order{std::string(path.substr(0, slash)), std::string(action)};
}

Result<std::chrono::minutes> minutes_in(const Call& call, std::string_view action) {
  constexpr std::int64_t kLongest = 7 * 24 * 60;
  if (action == "reset") {
    if (auto none = expect_no_body(call.body); !none) return std::move(none).error();
    return std::chrono::minutes(0);
  }
  std::optional<std::int64_t> minutes;
  auto read = read_body(call.body, [&](providers::StrictObject& object) {
    object.whole("minutes", minutes, 1, kLongest);
  });
  if (!read) return std::move(read).error();
  if (!minutes) return config::invalid_request("`minutes` is required.", "minutes");
  return std::chrono::minutes(*minutes);
}

Awaitable<Result<Answer>> obey(const TargetsSource& source, const Call& call) {
  const auto order = order_in(call.path);
  if (!order) co_return order.error();
  const auto minutes = minutes_in(call, order->action);
  if (!minutes) co_return minutes.error();
  const auto snapshot = source.snapshot();
  auto all = watched_targets(*snapshot, source.breakers);
  const auto found = all.find(order->target);
  if (found == all.end()) {
    std::vector<std::string_view> known;
    known.reserve(all.size());
    for (const auto& [name, watched] : all) known.push_back(name);
    co_return config::failure(
        config::ErrorCode::not_found,
        config::as_sentence(fmt::format("There is no target {}{}", config::in_quotes(order->target),
                                        config::did_you_mean(order->target, known))));
  }
  WatchedTarget& watched = found->second;
  if (order->action == "hold" && watched.pattern()) {
    co_return config::invalid_request(
        "This target is a pattern: what it stands for is watched model by model, and cannot be "
        "held as a whole.");
  }
  const auto noted = co_await source.note(call.who, "target " + order->action, order->target,
                                          call.body.empty() ? "{}" : std::string(call.body));
  if (!noted) co_return noted.error();
  if (order->action == "reset") {
    for (const auto& [name, breaker] : watched.breakers) breaker->reset();
  } else {
    CircuitBreaker* const breaker = source.breakers.make(order->target, order->target);
    if (breaker == nullptr) {
      co_return config::failure(config::ErrorCode::overloaded,
                                "So many models failed that no further one is watched.");
    }
    breaker->hold(*minutes, source.clock.now());
    watched.breakers = {{order->target, breaker}};
  }
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object().member("as_of", config::rfc3339(source.clock.wall(), "UTC"));
  json.member("zone", "UTC").key("target");
  write_target(json, order->target, watched, source.clock);
  json.end_object();
  co_return answer;
}

}  // namespace

Awaitable<Result<Answer>> targets(const TargetsSource& source, const Call& call) {
  if (call.method == http::verb::post) co_return co_await obey(source, call);
  if (call.path != kPath) {
    co_return config::failure(config::ErrorCode::not_found, "There is GET /api/targets.");
  }
  co_return list(source, call.query);
}

}  // namespace gateway::admin
