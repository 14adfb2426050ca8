#pragma once
// What a chat request's messages must look like: roles, content and its parts,
// tool calls. Parts of a type we do not know pass; members we do not know pass.

#include "config/base/error.h"
#include "providers/chat_request.h"
#include "providers/request_place.h"

namespace providers {

// Checks the array and notes what the messages ask for in `wants`.
config::Result<void> check_messages(const Place& place, JsonValue messages, Features& wants);

}  // namespace providers
