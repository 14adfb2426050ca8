#pragma once
// Which wait of an exchange took how long. Plain numbers, kept whether or not anybody asks; belongs
// to its exchange.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/base/clock.h"

namespace gateway::upstream {

enum class Phase : std::uint8_t { lookup, connect, tls, send, first_byte, body };
inline constexpr std::array<std::string_view, 6> kPhaseNames{"lookup", "connect",    "tls",
                                                             "send",   "first_byte", "body"};

class PhaseTimes {
 public:
  using Now = config::Clock::Steady;

  // The phase under way ends, and this one begins. One that is begun again goes on.
  void enter(Phase phase, Now now) {
    if (current_) spent_[index(*current_)] += now - since_;
    current_ = phase;
    entered_[index(phase)] = true;
    since_ = now;
  }

  // nullopt: nothing has begun.
  std::optional<Phase> current() const { return current_; }
  // nullopt: it was not needed, or not come to.
  std::optional<std::chrono::nanoseconds> of(Phase phase, Now now) const {
    if (!entered_[index(phase)]) return std::nullopt;
    const bool under_way = current_ == phase;
    return spent_[index(phase)] + (under_way ? now - since_ : std::chrono::nanoseconds{0});
  }

 private:
  static constexpr std::size_t index(Phase phase) { return static_cast<std::size_t>(phase); }

  std::array<std::chrono::nanoseconds, kPhaseNames.size()> spent_{};
  std::array<bool, kPhaseNames.size()> entered_{};
  std::optional<Phase> current_;
  Now since_{};
};

}  // namespace gateway::upstream
