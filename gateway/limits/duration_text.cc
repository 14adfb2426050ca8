#include "gateway/limits/duration_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::limits {

std::string duration_text(std::chrono::nanoseconds duration) {
  const auto ms =
      std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(duration).count(), 0);
  std::string out;
  const auto add = [&out](std::int64_t number) {
    const fmt::format_int digits(number);
    out.append(digits.data(), digits.size());
  };
  if (ms > 0 && ms < 1000) {
    add(ms);
    return out += "ms";
  }
  const auto minutes = ms / 60'000;
  if (minutes >= 60) {
    add(minutes / 60);
    out += 'h';
  }
  if (minutes > 0) {
    add(minutes % 60);
    out += 'm';
  }
  add(ms / 1000 % 60);
  if (ms % 1000 != 0) {
    out += '.';
    for (std::int64_t rest = ms % 1000, place = 100; rest > 0; rest %= place, place /= 10) {
      out += static_cast<char>('0' + rest / place);
    }
  }
  return out += 's';
}

}  // namespace gateway::limits
