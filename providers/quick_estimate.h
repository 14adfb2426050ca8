#pragma once
// A prompt's tokens at a glance: what is set aside before anything is sent. Pure.

#include <cstdint>
#include <initializer_list>

#include "providers/wire/json_document.h"

namespace providers {

// Of the members that a model is told: messages, tools and the like; absent ones are none. On
// every request, once: allocates nothing, a fraction of a nanosecond per byte. Meant to be rarely
// below the true count and so mostly above it (by a third for English, by about half for code);
// media data is left out, since nobody bills base64 by its length.
std::int64_t quick_prompt_tokens(std::initializer_list<JsonValue> prompt, std::int64_t images);

}  // namespace providers
