#include "providers/reka_shared_tools.h"

#include <algorithm>

#include <fmt/format.h>

namespace providers::reka {

using config::ToolsStyle;

config::Result<std::vector<const Tool*>> select_tools(const Conversation& conversation,
                                                      const config::Capabilities& can,
                                                      std::string_view model, bool legacy) {
  std::vector<const Tool*> chosen;
  if (conversation.tools.empty()) return chosen;
  if (!can.tools) {
    return config::unsupported_parameter(fmt::format("The model '{}' does not take tools.", model),
                                         legacy ? "functions" : "tools");
  }
  const bool named = conversation.tool_choice == ToolChoice::named;
  bool found = false;
  for (std::size_t i = 0; i < conversation.tools.size(); ++i) {
    const Tool& tool = conversation.tools[i];
    if (tool.name.empty()) {
      return config::unsupported_parameter(
          fmt::format("The model '{}' takes only tools of type function.", model),
          fmt::format("tools[{}].type", i));
    }
    const bool is_it = named && tool.name == conversation.chosen_tool;
    found = found || is_it;
    if (named && !is_it && can.tools_style == ToolsStyle::flat) continue;
    chosen.push_back(&tool);
  }
  if (named && !found) {
    return config::invalid_request("tool_choice names a function that is not among the tools.",
                                   "tool_choice");
  }
  return chosen;
}

void write_tools(RequestText& out, const std::vector<const Tool*>& tools, ToolsStyle style,
                 bool legacy) {
  JsonWriter& json = out.json();
  json.begin_array();
  for (const Tool* tool : tools) {
    if (style == ToolsStyle::openai && !legacy) {
      out.raw(tool->raw);
      continue;
    }
    if (style == ToolsStyle::openai) {
      json.begin_object().member("type", "function").key("function");
      out.raw(tool->raw);
      json.end_object();
      continue;
    }
    json.begin_object().member("name", tool->name);
    if (!tool->raw_description.empty()) json.raw_member("description", tool->raw_description);
    if (!tool->raw_parameters.empty()) {
      json.key("parameters");
      out.raw(tool->raw_parameters);
    }
    json.end_object();
  }
  json.end_array();
}

void write_tool_choice(RequestText& out, const Conversation& conversation, ToolsStyle style,
                       bool legacy) {
  JsonWriter& json = out.json();
  const bool named = conversation.tool_choice == ToolChoice::named;
  if (style == ToolsStyle::openai && named && legacy) {
    json.begin_object().member("type", "function").key("function").begin_object();
    json.member("name", conversation.chosen_tool).end_object().end_object();
    return;
  }
  if (style == ToolsStyle::openai) return out.raw(conversation.raw_tool_choice);
  switch (conversation.tool_choice) {
    case ToolChoice::none:
      json.value("none");
      break;
    case ToolChoice::required:
    case ToolChoice::named:
      json.value("tool");
      break;
    case ToolChoice::automatic:
    case ToolChoice::absent:
      json.value("auto");
      break;
  }
}

bool any_strict(const std::vector<const Tool*>& tools, JsonWorkspace& workspace) {
  return std::any_of(tools.begin(), tools.end(), [&](const Tool* tool) {
    if (!workspace.nested.read(tool->raw)) return false;
    const JsonValue root = workspace.nested.root();
    return root["function"]["strict"].boolean().value_or(false) ||
           root["strict"].boolean().value_or(false);
  });
}

}  // namespace providers::reka
