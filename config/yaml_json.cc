#include "config/yaml_json.h"

#include <fmt/format.h>

#include "config/base/utf8.h"

namespace config {
namespace {

// Digits from `at` on; where they end.
std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

// JSON's grammar of numbers, which is stricter than YAML's.
bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto whole_end = skip_digits(text, at);
  if (whole_end == at || (text[at] == '0' && whole_end > at + 1)) return false;
  at = whole_end;
  if (at < text.size() && text[at] == '.') {
    const auto end = skip_digits(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const auto end = skip_digits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

std::string json_value(const YamlNode& node);

std::string json_list(const YamlNode& node) {
  std::string out;
  for (const auto& item : node.items()) {
    if (!out.empty()) out += ',';
    out += json_value(item);
  }
  return '[' + out + ']';
}

std::string json_scalar(const YamlNode& node) {
  const auto text = node.text();
  if (!text) return "null";
  const bool literal = text->text == "true" || text->text == "false" || is_json_number(text->text);
  if (literal && (!text->quoted || text->from_environment)) return text->text;
  return json_string(text->text);
}

std::string json_value(const YamlNode& node) {
  if (node.is_null()) return "null";
  if (node.is_map()) return '{' + json_members(node) + '}';
  if (node.is_list()) return json_list(node);
  return json_scalar(node);
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (is_control(c)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_members(const YamlNode& node) {
  std::string out;
  YamlMap map(node);
  for (const auto& [key, value] : map.entries()) {
    if (!out.empty()) out += ',';
    out += json_string(key) + ':' + json_value(value);
  }
  return out;
}

}  // namespace config
