#include "tests/support/upstream_simulator/state.h"

#include <algorithm>
#include <charconv>

namespace simulator {
namespace {

constexpr std::size_t kRemembered = 10'000;  // of anything; then it starts afresh

template <class Map>
void keep_within_bounds(Map& map) {
  if (map.size() >= kRemembered) map.clear();
}

}  // namespace

std::uint64_t State::next_number() {
  const std::lock_guard lock(mutex_);
  return ++number_;
}

void State::give(Order order) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(std::move(order));
}

void State::store_script(std::string name, Script script) {
  const std::lock_guard lock(mutex_);
  scripts_[std::move(name)] = std::make_shared<const Script>(std::move(script));
}

void State::expect_keys(std::string dialect, std::vector<std::string> keys) {
  const std::lock_guard lock(mutex_);
  keys_[std::move(dialect)] = std::move(keys);
}

void State::reset() {
  const std::lock_guard lock(mutex_);
  orders_.clear();
  scripts_.clear();
  counters_.clear();
  keys_.clear();
}

// "429-then-ok" fails once, "3x429-then-ok" three times, "flap-503" every other time.
std::string State::counted(std::string_view fault, const std::string& counter) {
  constexpr std::string_view kThenOk = "-then-ok";
  constexpr std::string_view kFlap = "flap-";
  const bool then_ok = fault.ends_with(kThenOk);
  const bool flaps = fault.starts_with(kFlap);
  if (!then_ok && !flaps) return std::string(fault);

  keep_within_bounds(counters_);
  const auto seen = counters_[counter + " " + std::string(fault)]++;
  if (flaps) return seen % 2 == 0 ? std::string(fault.substr(kFlap.size())) : "ok";

  fault.remove_suffix(kThenOk.size());
  std::uint64_t times = 1;
  const auto* end = fault.data() + fault.size();
  const auto [stop, error] = std::from_chars(fault.data(), end, times);
  if (error == std::errc() && stop != end && *stop == 'x') {
    fault.remove_prefix(static_cast<std::size_t>(stop - fault.data()) + 1);
  } else {
    times = 1;
  }
  return seen < times ? std::string(fault) : "ok";
}

Choice State::choose(std::string_view dialect, const std::vector<std::string_view>& path_faults,
                     std::string_view model) {
  const std::lock_guard lock(mutex_);
  Choice choice;
  const auto name = split_model(model);
  const std::string counter = std::string(dialect) + " " + std::string(model);
  const auto add = [&](std::string_view fault) {
    const auto now = counted(fault, counter);
    if (!choice.faults.add(now)) choice.unknown = now;
  };

  for (const auto fault : path_faults) add(fault);
  for (const auto fault : name.faults) add(fault);
  const auto order = std::ranges::find_if(orders_, [&](const Order& candidate) {
    return (candidate.dialect == "*" || candidate.dialect == dialect) &&
           (candidate.model == "*" || candidate.model == name.base);
  });
  if (order != orders_.end()) {
    for (const auto& fault : order->faults) add(fault);
    choice.script = order->script;
    if (order->times > 0 && --order->times == 0) orders_.erase(order);
  }
  if (const auto script = choice.faults.argument(fault("script-<name>"))) {
    const auto stored = scripts_.find(*script);
    if (stored == scripts_.end()) {
      choice.unknown = "script-" + std::string(*script);
    } else {
      choice.script = stored->second;
    }
  }
  return choice;
}

Faults State::choose_early(std::string_view dialect,
                           const std::vector<std::string_view>& path_faults) {
  const std::lock_guard lock(mutex_);
  Faults faults;
  for (const auto name : path_faults) faults.add(name);
  for (const auto& order : orders_)
    if (order.dialect == "*" || order.dialect == dialect)
      for (const auto& name : order.faults) faults.add(name);
  return faults;
}

bool State::key_is_right(std::string_view dialect, std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto expected = keys_.find(dialect);
  if (expected != keys_.end())
    return std::ranges::find(expected->second, key) != expected->second.end();
  return !key.empty() && key.find("wrong") == std::string_view::npos &&
         key.find("expired") == std::string_view::npos;
}

void State::remember_generation(const std::string& id, js::object facts) {
  const std::lock_guard lock(mutex_);
  keep_within_bounds(generations_);
  generations_[id] = std::move(facts);
}

std::optional<js::object> State::generation(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = generations_.find(id);
  if (found == generations_.end()) return std::nullopt;
  return found->second;
}

void State::remember_reasoning(const std::string& call_id, std::string details) {
  const std::lock_guard lock(mutex_);
  keep_within_bounds(reasoning_);
  reasoning_[call_id] = std::move(details);
}

std::optional<std::string> State::reasoning(const std::string& call_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = reasoning_.find(call_id);
  if (found == reasoning_.end()) return std::nullopt;
  return found->second;
}

}  // namespace simulator
