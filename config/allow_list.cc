#include "config/allow_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/nearest.h"

namespace config {
namespace {

// Whether the list entry of a key can mean this model.
bool may_mean(std::string_view entry, std::string_view name) {
  const bool entry_open = entry.ends_with('*');
  const bool name_open = name.ends_with('*');
  const auto a = entry.substr(0, entry.size() - (entry_open ? 1 : 0));
  const auto b = name.substr(0, name.size() - (name_open ? 1 : 0));
  return a == b || (entry_open && b.starts_with(a)) || (name_open && a.starts_with(b));
}

}  // namespace

std::string allow_list_fault(std::string_view entry, const std::vector<Model>& models) {
  if (entry.empty()) return "is empty";
  if (entry.find('*') < entry.size() - 1) return "may hold a * only as its last character";
  if (entry == "*") return {};
  std::vector<std::string_view> known;
  for (const auto& model : models) {
    if (may_mean(entry, model.name.view())) return {};
    known.push_back(model.name.view());
  }
  for (const auto& model : models) {
    if (std::find(model.aliases.begin(), model.aliases.end(), entry) == model.aliases.end())
      continue;
    return fmt::format("{} is another name of {}: allow that, which allows both", in_quotes(entry),
                       in_quotes(model.name.view()));
  }
  return fmt::format("no model is called {}{}", in_quotes(entry), did_you_mean(entry, known));
}

}  // namespace config
