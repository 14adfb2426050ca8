#include "gateway/log_text.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "config/base/utf8.h"

namespace gateway::log {
namespace {

using Out = fmt::memory_buffer;

void append(Out& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

// The well-formed character at the front of `text` as a code point and its length; a
// length of 0 where the first byte begins none.
struct Character {
  char32_t code = 0;
  std::size_t length = 0;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (text.size() < length || config::find_invalid_utf8(text.substr(0, length)) != length)
    return {};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return {code, length};
}

// Ends a line, commands a terminal, or changes the order in which a reader sees text.
bool is_unsafe(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x200E && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void append_quoted(Out& out, std::string_view text) {
  const bool cut = text.size() > kLongestValue;
  std::size_t left = std::min(text.size(), kLongestValue);
  out.push_back('"');
  while (left > 0) {
    const Character character = first_character(text);
    if (character.length > left) break;
    if (character.length == 0) {
      append(out, "\\ufffd");
    } else if (character.code == '"' || character.code == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(character.code));
    } else if (character.code == '\n') {
      append(out, "\\n");
    } else if (character.code == '\r') {
      append(out, "\\r");
    } else if (character.code == '\t') {
      append(out, "\\t");
    } else if (is_unsafe(character.code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(character.code));
    } else {
      append(out, text.substr(0, character.length));
    }
    const std::size_t taken = std::max<std::size_t>(character.length, 1);
    text.remove_prefix(taken);
    left -= taken;
  }
  if (cut) append(out, "…");
  out.push_back('"');
}

bool reads_without_quotes(std::string_view text) {
  return !text.empty() && text.size() <= kLongestValue && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

void append_value(Out& out, const Value::Held& held, config::LogFormat format) {
  if (const auto* text = std::get_if<std::string_view>(&held)) {
    if (format == config::LogFormat::text && reads_without_quotes(*text)) return append(out, *text);
    return append_quoted(out, *text);
  }
  if (const auto* truth = std::get_if<bool>(&held)) return append(out, *truth ? "true" : "false");
  if (const auto* number = std::get_if<double>(&held);
      number != nullptr && !std::isfinite(*number)) {
    return append(out, "null");  // JSON has no other word for it
  }
  std::visit(
      [&out](const auto& number) {
        if constexpr (std::is_arithmetic_v<std::decay_t<decltype(number)>>) {
          fmt::format_to(std::back_inserter(out), "{}", number);
        }
      },
      held);
}

void append_time(Out& out, std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<microseconds>(time - day));
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

bool in_credential(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '+' || c == '/' || c == '*';
}

// Long, and of letters and digits mixed as no word is; or announced by a well-known prefix.
bool looks_like_credential(std::string_view word) {
  constexpr std::size_t kShortestSecret = 20;
  if (word.starts_with("sk-") || word.starts_with("sk_")) return true;
  if (word.size() < kShortestSecret) return false;
  const bool digit = std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
  const bool letter = std::ranges::any_of(
      word, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  return digit && letter;
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::trace:
      return "trace";
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

void append_line(fmt::memory_buffer& out, config::LogFormat format,
                 std::chrono::system_clock::time_point time, Level level, std::string_view message,
                 std::span<const Field> fields) {
  const bool json = format == config::LogFormat::json;
  append(out, json ? R"({"ts":")" : "");
  append_time(out, time);
  if (json) {
    append(out, R"(","level":")");
    append(out, to_string(level));
    append(out, R"(","msg":)");
    append_quoted(out, message);
  } else {
    fmt::format_to(std::back_inserter(out), " {:<5} ", to_string(level));
    append(out, message);
  }
  for (const Field& field : fields) {
    if (std::holds_alternative<std::monostate>(field.value.held())) continue;
    append(out, json ? ",\"" : " ");
    append(out, field.name);
    append(out, json ? "\":" : "=");
    append_value(out, field.value.held(), format);
  }
  append(out, json ? "}\n" : "\n");
}

std::string without_credentials(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, in_credential);
    const std::string_view word(text.begin(), end);
    out += looks_like_credential(word) ? "***" : word;
    text.remove_prefix(word.size());
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace gateway::log
