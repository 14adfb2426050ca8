#pragma once
// One log line: facts with fields, as JSON or for a terminal. Whatever a field holds
// cannot end the line or reach a terminal as a command: control characters, invalid
// bytes and invisible directions are escaped. A Secret formats as ***. Pure.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "config/base/ids.h"
#include "config/base/secret.h"
#include "config/config.h"

namespace gateway::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };
std::string_view to_string(Level level);

// A field's value. Text is borrowed until the line is written. An empty optional
// leaves its field out: absent is never zero.
class Value {
 public:
  using Held = std::variant<std::monostate, std::string_view, std::int64_t, std::uint64_t, double,
                            std::chrono::microseconds, bool>;

  template <std::signed_integral T>
  Value(T number) : held_(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Value(T number) : held_(static_cast<std::uint64_t>(number)) {}
  template <std::same_as<bool> T>
  Value(T truth) : held_(truth) {}
  Value(double number) : held_(number) {}
  // Written in milliseconds, with as many digits as it needs.
  Value(std::chrono::microseconds time) : held_(time) {}
  Value(std::string_view text) : held_(text) {}
  Value(const char* text) : held_(std::string_view(text)) {}
  Value(const std::string& text) : held_(std::string_view(text)) {}
  template <class Tag>
  Value(const config::Name<Tag>& name) : held_(name.view()) {}
  Value(const config::Secret&) : held_(std::string_view("***")) {}
  template <class T>
  Value(const std::optional<T>& maybe) : held_(maybe ? Value(*maybe).held_ : Held{}) {}

  const Held& held() const { return held_; }

 private:
  Held held_;
};

struct Field {
  std::string_view name;
  Value value;
};

// Longer values are cut there and end in "…".
inline constexpr std::size_t kLongestValue = 1'024;

// Appends the line, its newline included.
void append_line(fmt::memory_buffer& out, config::LogFormat format,
                 std::chrono::system_clock::time_point time, Level level, std::string_view message,
                 std::span<const Field> fields);

// `text` with every word that looks like a credential replaced by ***: upstreams quote
// the key they refuse. Words of `ours` stay.
std::string without_credentials(std::string_view text,
                                std::initializer_list<std::string_view> ours = {});

}  // namespace gateway::log
