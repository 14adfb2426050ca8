#include "providers/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace providers {
namespace {

std::optional<double> leading_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<double> number(std::string_view text) {
  const auto value = leading_number(text);
  return text.empty() ? value : std::nullopt;
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110's preferred form), in seconds since 1970.
std::optional<std::int64_t> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = digits(text.substr(5, 2));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((std::int64_t{days} * 24 + *hour) * 60 + *minute) * 60 + *second;
}

// "1m30s", "6s", "250ms", as OpenAI-like limits spell durations.
std::optional<double> duration_ms(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const auto value = leading_number(text);
    if (!value) return std::nullopt;
    if (text.starts_with("ms")) {
      sum += *value;
      text.remove_prefix(2);
    } else if (text.starts_with("s")) {
      sum += *value * 1e3;
      text.remove_prefix(1);
    } else if (text.starts_with("m")) {
      sum += *value * 60e3;
      text.remove_prefix(1);
    } else if (text.starts_with("h")) {
      sum += *value * 3600e3;
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  return sum;
}

}  // namespace

std::optional<std::chrono::milliseconds> clamped(double milliseconds) {
  if (!(milliseconds > 0) || std::isinf(milliseconds)) return std::nullopt;
  const auto most = static_cast<double>(kLongestRetryAfter.count());
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(milliseconds, most)));
}

std::optional<std::chrono::milliseconds> until_reset(std::string_view value, std::int64_t now) {
  const auto plain = number(value);
  if (!plain) {
    const auto duration = duration_ms(value);
    return duration ? clamped(*duration) : std::nullopt;
  }
  const auto now_s = static_cast<double>(now);
  if (*plain > 1e12) return clamped(*plain - now_s * 1e3);   // an epoch in milliseconds
  if (*plain > 1e9) return clamped((*plain - now_s) * 1e3);  // in seconds
  return clamped(*plain * 1e3);
}

std::optional<std::chrono::milliseconds> retry_after(const AnswerHead& head, std::int64_t now) {
  if (const auto ms = number(head.find("retry-after-ms"))) return clamped(*ms);
  const auto field = head.find("retry-after");
  if (const auto seconds = number(field)) return clamped(*seconds * 1e3);
  if (const auto date = http_date(field)) return clamped(static_cast<double>(*date - now) * 1e3);
  for (const char* name : {"x-ratelimit-reset", "x-ratelimit-reset-requests",
                           "x-ratelimit-requests-reset", "x-ratelimit-reset-tokens"}) {
    if (const auto wait = until_reset(head.find(name), now)) return wait;
  }
  return std::nullopt;
}

}  // namespace providers
