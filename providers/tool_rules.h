#pragma once
// What a chat request's tools must look like. Schemas and members that we do not
// know pass unread; tools that are no functions pass with their `type`.

#include "config/base/error.h"
#include "providers/request_place.h"

namespace providers {

config::Result<void> check_tools(const Place& place, JsonValue tools);
config::Result<void> check_functions(const Place& place, JsonValue functions);
// tool_choice, or the older function_call.
config::Result<void> check_tool_choice(const Place& place, JsonValue choice);
config::Result<void> check_function_call(const Place& place, JsonValue choice);

}  // namespace providers
