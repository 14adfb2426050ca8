#include "gateway/http/date.h"

#include <ctime>

namespace gateway::http {

std::string_view Date::now() {
  const auto second = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  if (second == second_ && !text_.empty()) return text_;
  second_ = second;
  const std::time_t time = std::chrono::system_clock::to_time_t(second);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[40];
  // The C locale is never left, so these are RFC 9110's English names.
  text_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
  return text_;
}

}  // namespace gateway::http
