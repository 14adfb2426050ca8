#include "config/yaml_node.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "config/nearest.h"

namespace config {
namespace {

constexpr std::size_t kLongestPlainKey = 64;
constexpr std::string_view kFromEnvironment = "the value from the environment";

bool is_plain_key(std::string_view key) {
  if (key.empty() || key.size() > kLongestPlainKey) return false;
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string joined(const std::string& path, std::string_view key) {
  if (!is_plain_key(key)) return fmt::format("{}[{}]", path, in_quotes(key));
  if (path.empty()) return std::string(key);
  return fmt::format("{}.{}", path, key);
}

// "providers[1].base_url" -> "providers[].base_url"
std::string without_indices(const std::string& path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == ']') inside = false;
    if (!inside) out += c;
    if (c == '[') inside = true;
  }
  return out;
}

std::string_view name_of(YamlValue::Kind kind) {
  switch (kind) {
    case YamlValue::Kind::null:
      return "nothing";
    case YamlValue::Kind::scalar:
      return "a single value";
    case YamlValue::Kind::list:
      return "a list";
    case YamlValue::Kind::map:
      return "a map";
  }
  return "";
}

}  // namespace

std::string shown(const YamlText& text) {
  return text.from_environment ? std::string(kFromEnvironment) : in_quotes(text.text);
}

void YamlNode::problem(std::string message) const {
  if (reading_->full()) return;
  for (auto at = message.find('"'); at != std::string::npos; at = message.find('"', at + 1)) {
    for (auto end = message.rfind('"'); end > at; end = message.rfind('"', end - 1)) {
      if (!reading_->hidden.contains(message.substr(at, end + 1 - at))) continue;
      message.replace(at, end + 1 - at, kFromEnvironment);
      break;
    }
  }
  reading_->problems.push_back({reading_->file, line_, path_, std::move(message)});
}

std::optional<YamlText> YamlNode::text() const {
  if (!value_) return std::nullopt;
  if (value_->kind == YamlValue::Kind::null) {
    problem("has no value");
    return std::nullopt;
  }
  if (value_->kind != YamlValue::Kind::scalar) {
    problem(fmt::format("must be a single value, not {}", name_of(value_->kind)));
    return std::nullopt;
  }
  auto expanded = expand(value_->text, reading_->environment);
  if (auto* failed = std::get_if<NotExpanded>(&expanded)) {
    problem(std::move(failed->why));
    return std::nullopt;
  }
  auto& done = std::get<Expanded>(expanded);
  if (done.from_environment) reading_->hidden.insert(in_quotes(done.text));
  return YamlText{std::move(done.text), value_->quoted, done.from_environment};
}

std::vector<YamlNode> YamlNode::items() const {
  std::vector<YamlNode> out;
  if (!value_ || value_->kind == YamlValue::Kind::null) return out;
  if (value_->kind != YamlValue::Kind::list) {
    problem(fmt::format("must be a list, not {}", name_of(value_->kind)));
    return out;
  }
  out.reserve(value_->items.size());
  for (const auto& item : value_->items) {
    out.emplace_back(*reading_, *item, item->line, fmt::format("{}[{}]", path_, out.size()));
  }
  return out;
}

YamlMap::YamlMap(YamlNode node) : node_(std::move(node)) {
  if (!node_ || node_.is_null()) return;
  if (!node_.is_map()) {
    node_.problem(fmt::format("must be a map, not {}", name_of(node_.value_->kind)));
    return;
  }
  entries_ = &node_.value_->entries;
  std::map<std::string_view, int> lines;
  for (const auto& entry : *entries_) {
    const auto [first, is_new] = lines.emplace(entry.key, entry.line);
    if (is_new) continue;
    child(entry).problem(
        fmt::format("is written twice; the first stands in line {}", first->second));
  }
}

YamlMap::~YamlMap() {
  if (!entries_ || any_key_) return;
  for (const auto& entry : *entries_) {
    if (node_.reading_->full()) return;
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    child(entry).problem("is not a key known here" + did_you_mean(entry.key, known_));
  }
}

YamlNode YamlMap::get(std::string_view key) {
  known_.push_back(key);
  if (node_ && node_.reading_->asked_keys) {
    node_.reading_->asked_keys->insert(without_indices(joined(node_.path(), key)));
  }
  const auto* entry = find(key);
  return entry ? child(*entry) : YamlNode{};
}

YamlNode YamlMap::require(std::string_view key) {
  auto found = get(key);
  if (!found && (entries_ || node_.is_null())) {
    node_.problem(fmt::format("{} is missing", in_quotes(key)));
  }
  return found;
}

std::vector<std::pair<std::string, YamlNode>> YamlMap::entries() {
  any_key_ = true;
  std::vector<std::pair<std::string, YamlNode>> out;
  if (!entries_) return out;
  for (const auto& entry : *entries_) out.emplace_back(entry.key, child(entry));
  return out;
}

const YamlEntry* YamlMap::find(std::string_view key) const {
  if (!entries_) return nullptr;
  const auto found = std::find_if(entries_->begin(), entries_->end(),
                                  [&](const YamlEntry& entry) { return entry.key == key; });
  return found == entries_->end() ? nullptr : &*found;
}

YamlNode YamlMap::child(const YamlEntry& entry) const {
  return {*node_.reading_, *entry.value, entry.line, joined(node_.path(), entry.key)};
}

}  // namespace config
