#pragma once
// Tools and tool_choice as a Reka model takes them. Pure functions over a
// Conversation, which joins tools and the legacy functions.

#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "config/capabilities.h"
#include "providers/chat_messages.h"
#include "providers/reka_shared_dropped.h"
#include "providers/reka_shared_text.h"

namespace providers::reka {

// The tools to send: all, or the chosen one alone where the upstream cannot be told
// a name. Fails where the target takes no tools, on a tool that is no function and
// on a choice that is not among them. Empty: none were given. `legacy`: they came as
// `functions`.
config::Result<std::vector<const Tool*>> select_tools(const Conversation& conversation,
                                                      const config::Capabilities& can,
                                                      std::string_view model, bool legacy);

// The array.
void write_tools(RequestText& out, const std::vector<const Tool*>& tools, config::ToolsStyle style,
                 bool legacy);

// The value of tool_choice: flat style knows auto, none and tool. Not to be called
// where no choice was made.
void write_tool_choice(RequestText& out, const Conversation& conversation, config::ToolsStyle style,
                       bool legacy);

// Some tool wants its arguments held to its schema, which flat tools cannot say.
bool any_strict(const std::vector<const Tool*>& tools, JsonWorkspace& workspace);

}  // namespace providers::reka
