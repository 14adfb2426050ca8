#include "config/advice.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"

namespace config {
namespace {

std::string seconds(milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

class Advice {
 public:
  explicit Advice(const std::string& file) : file_(file) {}

  void add(const YamlNode& where, std::string_view within, std::string message) {
    const std::string path =
        within.empty() ? where.path() : fmt::format("{}.{}", where.path(), within);
    out_.push_back({file_, where.line(), path, std::move(message)});
  }
  std::vector<Problem> take() { return std::move(out_); }

 private:
  const std::string& file_;
  std::vector<Problem> out_;
};

bool rests_too_long(const Breaker& breaker) {
  return breaker.open_for > breaker.open_at_most;
}

void look_at_breaker(const Breaker& breaker, const YamlNode& node, Advice& advice) {
  if (!rests_too_long(breaker)) return;
  advice.add(node, "breaker",
             fmt::format("open_for ({}) is longer than open_at_most ({}), which counts",
                         seconds(breaker.open_for), seconds(breaker.open_at_most)));
}

// The limits of a silent target that the deadline passes before.
std::vector<std::string> beyond(milliseconds deadline, const Timeouts& limits) {
  std::vector<std::string> out;
  const bool cut = limits.attempt > milliseconds(0) && limits.attempt < deadline;
  const std::pair<std::string_view, milliseconds> waits[] = {{"first_byte", limits.first_byte},
                                                             {"whole_answer", limits.whole_answer}};
  for (const auto& [name, limit] : waits) {
    if (!cut && limit >= deadline) out.push_back(fmt::format("{} ({})", name, seconds(limit)));
  }
  return out;
}

void look_at_deadline(const Model& model, milliseconds deadline, const YamlNode& node,
                      Advice& advice) {
  const bool hedged = model.hedge.after > milliseconds(0) && model.hedge.after < deadline;
  if (hedged || model.targets.size() < 2) return;
  const bool by_p95 = model.hedge.on && model.hedge.after == milliseconds(0);
  const bool last_is_last = model.order == Order::in_order;
  for (std::size_t at = 0; at < model.targets.size(); ++at) {
    if (last_is_last && at + 1 == model.targets.size()) break;
    const auto limits = beyond(deadline, model.targets[at].timeouts);
    if (limits.empty()) continue;
    advice.add(
        node, fmt::format("targets[{}].timeouts", at),
        fmt::format("{} {} not shorter than the deadline ({}): where this target says nothing, no "
                    "other is asked{}",
                    fmt::join(limits, " and "), limits.size() == 1 ? "is" : "are",
                    seconds(deadline), by_p95 ? " before its p95 is known" : ""));
  }
}

void look_at_model(const Model& model, const Config& config, const YamlNode& node, Advice& advice) {
  if (model.hedge.on && model.targets.size() < 2) {
    advice.add(node, "hedge", "asks a second target, and there is one");
  }
  const bool weighs = model.order == Order::weighted || model.order == Order::sticky;
  const bool weighted = std::any_of(model.targets.begin(), model.targets.end(),
                                    [](const Target& target) { return target.weight != 1; });
  if (weighted && !weighs) {
    advice.add(node, "targets",
               fmt::format("weight counts where order is weighted or sticky, and it is {}",
                           to_string(model.order)));
  }
  look_at_deadline(model, model.deadline.value_or(config.server.deadline), node, advice);
  for (std::size_t at = 0; at < model.targets.size(); ++at) {
    const Target& target = model.targets[at];
    const auto provider =
        std::find_if(config.providers.begin(), config.providers.end(),
                     [&](const Provider& one) { return one.name == target.provider; });
    const bool told = provider != config.providers.end() && rests_too_long(provider->breaker);
    if (told || !rests_too_long(target.breaker)) continue;
    advice.add(node, fmt::format("targets[{}].breaker", at),
               fmt::format("open_for ({}) is longer than open_at_most ({}), which counts",
                           seconds(target.breaker.open_for), seconds(target.breaker.open_at_most)));
  }
}

// A team needs no entry, and keys that are made later may be in one: only what looks like a slip,
// a name that is nearly that of a team which nobody is in.
void look_at_team(const Key& key, const Config& config, const YamlNode& node, Advice& advice) {
  std::vector<std::string_view> empty;
  for (const Team& team : config.teams) {
    if (team.name == key.team) return;
    const bool used = std::any_of(config.keys.begin(), config.keys.end(),
                                  [&](const Key& one) { return one.team == team.name; });
    if (!used) empty.push_back(team.name.view());
  }
  const std::string meant = did_you_mean(key.team.view(), empty);
  if (key.team.empty() || meant.empty()) return;
  advice.add(node, "team",
             fmt::format("{} has no limits under teams:, and no key is in a team that has{}",
                         in_quotes(key.team.view()), meant));
}

template <class Items, class Look>
void each(const Items& items, const YamlNode& list, const Look& look) {
  const auto nodes = list.items();
  if (nodes.size() != items.size()) return;
  for (std::size_t at = 0; at < nodes.size(); ++at) look(items[at], nodes[at]);
}

}  // namespace

std::vector<Problem> advice(const Config& config, const std::string& file, const ReadFrom& from) {
  Advice out(file);
  each(config.providers, from.providers, [&](const Provider& provider, const YamlNode& node) {
    look_at_breaker(provider.breaker, node, out);
  });
  each(config.models, from.models,
       [&](const Model& model, const YamlNode& node) { look_at_model(model, config, node, out); });
  each(config.keys, from.keys,
       [&](const Key& key, const YamlNode& node) { look_at_team(key, config, node, out); });
  return out.take();
}

}  // namespace config
