#include "config/price_table.h"

namespace config {

bool PriceTable::add(const ProviderName& provider, std::string_view model, Price price) {
  return rows_.emplace(std::pair(provider, std::string(model)), std::move(price)).second;
}

const Price* PriceTable::find(const ProviderName& provider, std::string_view model) const {
  const auto row = [&](std::string name) -> const Price* {
    const auto found = rows_.find({provider, std::move(name)});
    return found == rows_.end() ? nullptr : &found->second;
  };
  if (const auto* exact = row(std::string(model))) return exact;
  for (auto length = model.size(); length != std::string_view::npos; --length) {
    if (const auto* pattern = row(std::string(model.substr(0, length)) + '*')) return pattern;
  }
  return nullptr;
}

}  // namespace config
