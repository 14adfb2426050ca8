#include "config/allow_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/nearest.h"

namespace config {
namespace {

// Whether the list entry of a key can mean something this model is asked by.
bool may_mean(std::string_view entry, const Model& model) {
  const auto overlaps = [&](std::string_view name) {
    const bool entry_open = entry.ends_with('*');
    const bool name_open = name.ends_with('*');
    const auto a = entry.substr(0, entry.size() - (entry_open ? 1 : 0));
    const auto b = name.substr(0, name.size() - (name_open ? 1 : 0));
    return a == b || (entry_open && b.starts_with(a)) || (name_open && a.starts_with(b));
  };
  return overlaps(model.name.view()) ||
         std::any_of(model.aliases.begin(), model.aliases.end(), overlaps);
}

}  // namespace

std::string allow_list_fault(std::string_view entry, const std::vector<Model>& models) {
  if (entry.empty()) return "is empty";
  if (entry.find('*') < entry.size() - 1) return "may hold a * only as its last character";
  if (entry == "*") return {};
  const bool means_one = std::any_of(models.begin(), models.end(),
                                     [&](const Model& model) { return may_mean(entry, model); });
  if (means_one) return {};
  std::vector<std::string_view> known;
  for (const auto& model : models) {
    known.push_back(model.name.view());
    known.insert(known.end(), model.aliases.begin(), model.aliases.end());
  }
  return fmt::format("no model is called {}{}", in_quotes(entry), did_you_mean(entry, known));
}

}  // namespace config
