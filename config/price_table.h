#pragma once
// (provider, model) -> Price, as the price files have it. Built while loading;
// const afterwards.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "config/base/ids.h"
#include "config/price.h"

namespace config {

class PriceTable {
 public:
  // False, and nothing changes, where that row already stands.
  bool add(const ProviderName& provider, std::string_view model, Price price);

  // The row of exactly this model, else that of the longest prefix ending in *;
  // nullptr where neither stands.
  const Price* find(const ProviderName& provider, std::string_view model) const;

  // Not all that was to be in it could be read: that a row is missing says nothing.
  bool has_gaps = false;

 private:
  std::map<std::pair<ProviderName, std::string>, Price> rows_;
};

}  // namespace config
