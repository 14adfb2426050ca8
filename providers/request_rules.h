#pragma once
// The top-level fields we know: one table of name, type and range. What stands in
// no table passes, unless it asks the gateway to send a request elsewhere.

#include <string_view>

#include "config/base/error.h"
#include "providers/chat_request.h"
#include "providers/request_place.h"

namespace providers {

// Checks one top-level member. Null is as good as absent for every optional field.
// Model, messages, prompt and input are chat_request.cc's.
config::Result<void> check_field(std::string_view key, JsonValue value);

// The text or texts to complete or to embed.
config::Result<void> check_prompt(const Place& place, JsonValue prompt);

}  // namespace providers
