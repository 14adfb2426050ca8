#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "config/calendar.h"
#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

constexpr std::pair<std::string_view, Window> kWindows[] = {{"hour", Window::hour},
                                                            {"day", Window::day},
                                                            {"week", Window::week},
                                                            {"month", Window::month},
                                                            {"total", Window::total}};

void read_limit(const YamlNode& node, std::optional<std::int64_t>& out, std::int64_t high) {
  if (!node) return;
  std::int64_t value = 0;
  read_whole(node, value, 1, high);
  if (value > 0) out = value;
}

void read_usd(const YamlNode& node, PicoUsd& out) {
  const auto text = node.text();
  if (!text) return;
  const auto amount = exact_usd(text->text);
  if (!amount) {
    return node.problem(
        fmt::format("must be USD as a plain decimal of at most 12 places, up to 9000000, not {}",
                    shown(*text)));
  }
  out = *amount;
}

void read_zone(const YamlNode& node, const YamlNode& budget, std::string& out) {
  read_line(node, out);
  const auto names = zone_names();
  if (names.empty()) {
    return budget.problem("this machine has no time zones to count by; install tzdata");
  }
  if (!node || is_zone(out)) return;
  const std::vector<std::string_view> known(names.begin(), names.end());
  node.problem(
      fmt::format("no time zone is called {}{}", in_quotes(out), did_you_mean(out, known)));
  out = Budget{}.zone;
}

Budget read_budget(const YamlNode& node) {
  Budget out;
  YamlMap map(node);
  read_usd(map.require("usd"), out.limit);
  read_word(map.get("window"), out.window, kWindows);
  read_zone(map.get("zone"), node, out.zone);
  return out;
}

std::vector<Budget> read_budgets(const YamlNode& node) {
  std::vector<Budget> out;
  for (const auto& item : node.items()) {
    auto budget = read_budget(item);
    const bool twice = std::any_of(out.begin(), out.end(), [&](const Budget& one) {
      return one.window == budget.window && one.zone == budget.zone;
    });
    if (twice) {
      item.problem(
          fmt::format("is the second budget for window {} in zone {}; one of them would do",
                      to_string(budget.window), budget.zone));
      continue;
    }
    out.push_back(std::move(budget));
  }
  return out;
}

}  // namespace

Limits read_limits(const YamlNode& node) {
  constexpr std::int64_t kMostRequests = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kMostTokens = 1'000'000'000'000;
  Limits out;
  YamlMap map(node);
  read_limit(map.get("requests_per_minute"), out.requests_per_minute, kMostRequests);
  read_limit(map.get("tokens_per_minute"), out.tokens_per_minute, kMostTokens);
  read_limit(map.get("concurrent"), out.concurrent, kMostRequests);
  out.budgets = read_budgets(map.get("budgets"));
  return out;
}

std::vector<Team> read_teams(const YamlNode& node) {
  std::vector<Team> out;
  UniqueNames names("team");
  for (const auto& item : node.items()) {
    YamlMap map(item);
    std::string name;
    read_line(map.require("name"), name);
    if (!name.empty()) names.take(item, name);
    out.push_back({TeamName(std::move(name)), read_limits(map.get("limits"))});
  }
  return out;
}

}  // namespace config
