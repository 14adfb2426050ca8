#include "gateway/limits/duration_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::limits {

std::string duration_text(std::chrono::nanoseconds duration) {
  const auto ms =
      std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(duration).count(), 0);
  if (ms > 0 && ms < 1000) return fmt::format("{}ms", ms);
  const auto minutes = ms / 60'000;
  std::string out;
  if (minutes >= 60) out += fmt::format("{}h", minutes / 60);
  if (minutes > 0) out += fmt::format("{}m", minutes % 60);
  out += fmt::format("{}", ms / 1000 % 60);
  if (ms % 1000 != 0) {
    out += fmt::format(".{:03}", ms % 1000);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + 's';
}

}  // namespace gateway::limits
