#pragma once
// A value that must not reach a log, a metric or an error: it has no stream
// operator, formats as ***, and is read only through reveal(), which is easy to
// search for.

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace config {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace config

template <>
struct fmt::formatter<config::Secret> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const config::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
