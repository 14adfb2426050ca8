#include "gateway/log_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
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

// Stands in a line as it is.
constexpr auto kPlain = [] {
  std::array<bool, 256> is{};
  for (unsigned c = 0x20; c < 0x7F; ++c) is[c] = c != '"' && c != '\\';
  return is;
}();

// How much of the front of `text` stands in a line as it is.
std::size_t plain_prefix(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && kPlain[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

void append_escaped(Out& out, char32_t code) {
  switch (code) {
    case '"':
      return append(out, "\\\"");
    case '\\':
      return append(out, "\\\\");
    case '\n':
      return append(out, "\\n");
    case '\r':
      return append(out, "\\r");
    case '\t':
      return append(out, "\\t");
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(code));
  }
}

void append_quoted(Out& out, std::string_view text) {
  const bool cut = text.size() > kLongestValue;
  std::size_t left = std::min(text.size(), kLongestValue);
  out.push_back('"');
  while (left > 0) {
    const std::size_t plain = plain_prefix(text.substr(0, left));
    append(out, text.substr(0, plain));
    text.remove_prefix(plain);
    left -= plain;
    if (left == 0) break;

    const Character character = first_character(text);
    if (character.length > left) break;
    if (character.length == 0) {
      append(out, "\\ufffd");
    } else if (character.length == 1 || is_unsafe(character.code)) {
      append_escaped(out, character.code);
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

template <std::integral T>
void append_number(Out& out, T number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.data() + digits.size());
}

// With as many digits as are asked for, zeros in front.
void append_digits(Out& out, unsigned number, int count) {
  char digits[10];
  for (int i = count - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  out.append(digits, digits + count);
}

void append_milliseconds(Out& out, std::chrono::microseconds time) {
  auto micros = static_cast<std::uint64_t>(time.count());
  if (time.count() < 0) {
    out.push_back('-');
    micros = 0 - micros;
  }
  append_number(out, micros / 1000);
  auto rest = static_cast<unsigned>(micros % 1000);
  if (rest == 0) return;
  int digits = 3;
  for (; rest % 10 == 0; rest /= 10) --digits;
  out.push_back('.');
  append_digits(out, rest, digits);
}

struct AppendValue {
  void operator()(std::monostate) const {}
  void operator()(std::string_view text) const {
    if (format == config::LogFormat::text && reads_without_quotes(text)) return append(out, text);
    append_quoted(out, text);
  }
  void operator()(std::integral auto number) const { append_number(out, number); }
  void operator()(double number) const {
    // JSON has no other word for what is no number.
    if (!std::isfinite(number)) return append(out, "null");
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
  void operator()(std::chrono::microseconds time) const { append_milliseconds(out, time); }
  void operator()(bool truth) const { append(out, truth ? "true" : "false"); }

  Out& out;
  config::LogFormat format;
};

void append_time(Out& out, std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<microseconds>(time - day));
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out.push_back('-');
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out.push_back('-');
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out.push_back('T');
  append_digits(out, static_cast<unsigned>(clock.hours().count()), 2);
  out.push_back(':');
  append_digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out.push_back(':');
  append_digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
  out.push_back('.');
  append_digits(out, static_cast<unsigned>(clock.subseconds().count()), 6);
  out.push_back('Z');
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
    std::visit(AppendValue{out, format}, field.value.held());
  }
  append(out, json ? "}\n" : "\n");
}

std::string without_credentials(std::string_view text,
                                std::initializer_list<std::string_view> ours) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, in_credential);
    const std::string_view word(text.begin(), end);
    const bool hide = looks_like_credential(word) && std::ranges::find(ours, word) == ours.end();
    out += hide ? "***" : word;
    text.remove_prefix(word.size());
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace gateway::log
