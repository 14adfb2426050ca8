#pragma once
// Names that must not be mistaken for each other: each its own type over a
// string, comparable and hashable, converted only where it is written down.

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace config {

template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  std::string_view view() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  std::string value_;
};

using KeyName = Name<struct KeyNameTag>;            // a virtual key's name, never its secret
using TeamName = Name<struct TeamNameTag>;          // who pays
using ModelName = Name<struct ModelNameTag>;        // as the operator configured it
using ProviderName = Name<struct ProviderNameTag>;  // a `providers:` entry
using TargetName = Name<struct TargetNameTag>;      // "provider/upstream-model"
using RequestId = Name<struct RequestIdTag>;        // minted by us, one per request

}  // namespace config

template <class Tag>
struct std::hash<config::Name<Tag>> {
  std::size_t operator()(const config::Name<Tag>& name) const noexcept {
    return std::hash<std::string_view>{}(name.view());
  }
};

template <class Tag>
struct fmt::formatter<config::Name<Tag>> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const config::Name<Tag>& name, Context& context) const {
    return fmt::formatter<std::string_view>::format(name.view(), context);
  }
};
