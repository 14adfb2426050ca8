#include "tests/support/upstream_simulator/faults.h"

#include <algorithm>
#include <charconv>

namespace simulator {
namespace {

struct Match {
  std::uint64_t number = 0;
  std::string_view argument;
};

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<Match> match(std::string_view pattern, std::string_view name) {
  const auto open = pattern.find('<');
  if (open == std::string_view::npos)
    return pattern == name ? std::optional(Match{}) : std::nullopt;

  const auto close = pattern.find('>');
  const auto before = pattern.substr(0, open);
  const auto after = pattern.substr(close + 1);
  if (name.size() <= before.size() + after.size()) return std::nullopt;
  if (!name.starts_with(before) || !name.ends_with(after)) return std::nullopt;

  const auto middle = name.substr(before.size(), name.size() - before.size() - after.size());
  const auto placeholder = pattern.substr(open + 1, close - open - 1);
  if (placeholder == "name") return Match{0, middle};
  const auto number = digits(middle);
  if (!number) return std::nullopt;
  if (placeholder == "status" && (middle.size() != 3 || *number < 100)) return std::nullopt;
  return Match{*number, middle};
}

}  // namespace

bool Faults::add(std::string_view name) {
  // An exact name wins over a pattern: "101" is a fault of its own, not a status.
  for (const bool exact : {true, false}) {
    for (std::size_t row = 0; row < std::size(kFaults); ++row) {
      if ((kFaults[row].name.find('<') == std::string_view::npos) != exact) continue;
      const auto found = match(kFaults[row].name, name);
      if (!found) continue;
      chosen_.push_back({row, found->number, std::string(found->argument), std::string(name)});
      return true;
    }
  }
  return false;
}

void Faults::add_all(const Faults& more) {
  chosen_.insert(chosen_.end(), more.chosen_.begin(), more.chosen_.end());
}

const Faults::Chosen* Faults::find(std::size_t row) const {
  const auto found = std::ranges::find(chosen_, row, &Chosen::row);
  return found == chosen_.end() ? nullptr : &*found;
}

bool Faults::has(std::size_t row) const {
  return find(row) != nullptr;
}

std::optional<std::uint64_t> Faults::number(std::size_t row) const {
  const auto* chosen = find(row);
  if (!chosen) return std::nullopt;
  return chosen->number;
}

std::optional<std::string_view> Faults::argument(std::size_t row) const {
  const auto* chosen = find(row);
  if (!chosen) return std::nullopt;
  return chosen->argument;
}

std::vector<std::string> Faults::names() const {
  std::vector<std::string> names;
  for (const auto& chosen : chosen_) names.push_back(chosen.name);
  return names;
}

std::vector<std::string_view> split_names(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(",+"), list.size());
    if (end > 0) names.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

ModelName split_model(std::string_view name) {
  constexpr std::string_view kMock = "mock/";
  if (name.starts_with(kMock))
    return {name.substr(0, kMock.size() - 1), split_names(name.substr(kMock.size()))};
  const auto plus = std::min(name.find('+'), name.size());
  return {name.substr(0, plus), split_names(name.substr(std::min(plus + 1, name.size())))};
}

}  // namespace simulator
