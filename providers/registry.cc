#include "providers/registry.h"

#include <algorithm>
#include <array>
#include <memory>

namespace providers {

#define PROVIDER(name) std::unique_ptr<Adapter> make_##name();
#include "builtin_providers.inc"
#undef PROVIDER

namespace {

struct Entry {
  std::string_view kind;
  std::unique_ptr<Adapter> (*make)();
};

constexpr Entry kProviders[] = {
#define PROVIDER(name) {#name, &make_##name},
#include "builtin_providers.inc"
#undef PROVIDER
};

constexpr auto kKinds = [] {
  std::array<std::string_view, std::size(kProviders)> names{};
  std::transform(std::begin(kProviders), std::end(kProviders), names.begin(),
                 [](const Entry& entry) { return entry.kind; });
  return names;
}();

}  // namespace

std::span<const std::string_view> kinds() {
  return kKinds;
}

const Adapter* find_adapter(std::string_view kind) {
  // Built on first use and kept: an adapter has no state, so there is nothing to
  // order or to tear down.
  static const auto adapters = [] {
    std::array<std::unique_ptr<Adapter>, std::size(kProviders)> made;
    std::transform(std::begin(kProviders), std::end(kProviders), made.begin(),
                   [](const Entry& entry) { return entry.make(); });
    return made;
  }();
  const auto* found = std::find(kKinds.begin(), kKinds.end(), kind);
  if (found == kKinds.end()) return nullptr;
  return adapters[static_cast<std::size_t>(found - kKinds.begin())].get();
}

}  // namespace providers
