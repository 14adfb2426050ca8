#include "config/read_scalars.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/base/utf8.h"

namespace config {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kBytes[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};
constexpr Unit kMilliseconds[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr std::size_t kLongestLine = 4096;
constexpr milliseconds kLongest = std::chrono::hours{24};

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{} || stopped != text.end()) return std::nullopt;
  return value;
}

// "10s" by its units; nullopt where the number, the unit or the product is wrong.
std::optional<std::int64_t> measured(std::string_view text, std::span<const Unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = whole(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const auto& unit : units) {
    if (unit.name != text.substr(digits)) continue;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(*number, unit.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

bool one_line(const YamlNode& node, const YamlText& text) {
  if (text.text.size() > kLongestLine) {
    node.problem(fmt::format("is longer than {} bytes", kLongestLine));
    return false;
  }
  if (std::none_of(text.text.begin(), text.text.end(), is_control)) return true;
  node.problem("holds a control character or a line end");
  return false;
}

std::string spelled(milliseconds duration) {
  if (duration.count() % 1000 != 0 || duration.count() == 0) {
    return fmt::format("{}ms", duration.count());
  }
  return fmt::format("{}s", duration.count() / 1000);
}

}  // namespace

void read_line_or_nothing(const YamlNode& node, std::string& out) {
  auto text = node.text();
  if (text && one_line(node, *text)) out = std::move(text->text);
}

void read_line(const YamlNode& node, std::string& out) {
  auto text = node.text();
  if (!text || !one_line(node, *text)) return;
  if (text->text.empty()) return node.problem("must not be empty");
  out = std::move(text->text);
}

void read_words(const YamlNode& node, std::vector<std::string>& out) {
  if (!node) return;
  std::vector<std::string> words;
  for (const auto& item : node.items()) {
    auto text = item.text();
    if (!text) continue;
    if (text->text.empty()) {
      item.problem("must not be empty");
      continue;
    }
    words.push_back(std::move(text->text));
  }
  out = std::move(words);
}

void read_bool(const YamlNode& node, bool& out) {
  const auto text = node.text();
  if (!text) return;
  const bool is_word = !text->quoted || text->from_environment;
  if (is_word && text->text == "true") {
    out = true;
  } else if (is_word && text->text == "false") {
    out = false;
  } else {
    node.problem(fmt::format("must be true or false, not {}", shown(*text)));
  }
}

void read_whole(const YamlNode& node, std::int64_t& out, std::int64_t low, std::int64_t high) {
  const auto text = node.text();
  if (!text) return;
  const auto value = text->quoted && !text->from_environment ? std::nullopt : whole(text->text);
  if (!value || *value < low || *value > high) {
    return node.problem(
        fmt::format("must be a whole number from {} to {}, not {}", low, high, shown(*text)));
  }
  out = *value;
}

void read_whole(const YamlNode& node, int& out, int low, int high) {
  std::int64_t value = out;
  read_whole(node, value, low, high);
  out = static_cast<int>(value);
}

void read_whole(const YamlNode& node, std::size_t& out, std::size_t low, std::size_t high) {
  auto value = static_cast<std::int64_t>(out);
  read_whole(node, value, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
  out = static_cast<std::size_t>(value);
}

void read_bytes(const YamlNode& node, std::size_t& out, std::size_t low, std::size_t high) {
  const auto text = node.text();
  if (!text) return;
  const auto value = measured(text->text, kBytes);
  if (!value) {
    return node.problem(fmt::format("must be a size like 16KiB or 32MiB, not {}", shown(*text)));
  }
  const auto bytes = static_cast<std::size_t>(*value);
  if (bytes < low || bytes > high) {
    return node.problem(fmt::format("must be from {} to {} bytes", low, high));
  }
  out = bytes;
}

void read_duration(const YamlNode& node, milliseconds& out, milliseconds low) {
  const auto text = node.text();
  if (!text) return;
  const auto value = measured(text->text, kMilliseconds);
  if (!value) {
    return node.problem(fmt::format("must be a time like 500ms, 10s or 2m, not {}", shown(*text)));
  }
  const milliseconds duration{*value};
  if (duration < low || duration > kLongest) {
    return node.problem(fmt::format("must be from {} to 24h", spelled(low)));
  }
  out = duration;
}

void read_duration_or_off(const YamlNode& node, milliseconds& out, milliseconds low) {
  if (!node.is_scalar()) return read_duration(node, out, low);
  const auto text = node.text();
  if (!text) return;
  if (text->text == "off" || text->text == "0") {
    out = milliseconds(0);
  } else if (text->text.find_first_of("0123456789") == 0) {
    read_duration(node, out, low);
  } else {
    node.problem(fmt::format("must be a time like 10m, or off, not {}", shown(*text)));
  }
}

void refuse_word(const YamlNode& node, const YamlText& text,
                 const std::vector<std::string_view>& words) {
  const auto hint = text.from_environment ? std::string{} : did_you_mean(text.text, words);
  node.problem(
      fmt::format("must be one of {}, not {}{}", fmt::join(words, ", "), shown(text), hint));
}

}  // namespace config
