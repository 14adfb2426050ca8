#include <limits>

#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

constexpr std::pair<std::string_view, SystemRole> kSystemRoles[] = {
    {"pass", SystemRole::pass},
    {"fold_first", SystemRole::fold_first},
    {"fold_next", SystemRole::fold_next}};
constexpr std::pair<std::string_view, ToolsStyle> kToolsStyles[] = {{"openai", ToolsStyle::openai},
                                                                    {"flat", ToolsStyle::flat}};
constexpr std::pair<std::string_view, ToolResults> kToolResults[] = {
    {"tool_role", ToolResults::tool_role},
    {"tool_output", ToolResults::tool_output},
    {"user_text", ToolResults::user_text}};
constexpr std::pair<std::string_view, MediaStyle> kMediaStyles[] = {
    {"object", MediaStyle::object}, {"plain_text", MediaStyle::plain_text}};
constexpr std::pair<std::string_view, StreamText> kStreamTexts[] = {
    {"delta", StreamText::delta},
    {"cumulative", StreamText::cumulative},
    {"automatic", StreamText::automatic}};

// One per type the list in capabilities.h uses.
void read_one(const YamlNode& node, bool& out) {
  read_bool(node, out);
}
void read_one(const YamlNode& node, std::int64_t& out) {
  read_whole(node, out, 0, std::numeric_limits<std::int32_t>::max());
}
void read_one(const YamlNode& node, Words& out) {
  read_words(node, out);
}
void read_one(const YamlNode& node, SystemRole& out) {
  read_word(node, out, kSystemRoles);
}
void read_one(const YamlNode& node, ToolsStyle& out) {
  read_word(node, out, kToolsStyles);
}
void read_one(const YamlNode& node, ToolResults& out) {
  read_word(node, out, kToolResults);
}
void read_one(const YamlNode& node, MediaStyle& out) {
  read_word(node, out, kMediaStyles);
}
void read_one(const YamlNode& node, StreamText& out) {
  read_word(node, out, kStreamTexts);
}

template <class T>
void read_override(const YamlNode& node, std::optional<T>& out) {
  if (!node) return;
  T value{};
  read_one(node, value);
  out = std::move(value);
}

}  // namespace

CapabilityOverrides read_capabilities(const YamlNode& node) {
  CapabilityOverrides out;
  YamlMap map(node);
#define TOLLGATE_READ(type, name, value, doc) read_override(map.get(#name), out.name);
  TOLLGATE_CAPABILITIES(TOLLGATE_READ)
#undef TOLLGATE_READ
  if (out.reasoning_tags && !out.reasoning_tags->empty() && out.reasoning_tags->size() != 2) {
    node.problem("reasoning_tags must be the opening and the closing tag, or an empty list");
  }
  return out;
}

}  // namespace config
