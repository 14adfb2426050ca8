#pragma once
// Reads from an OpenAI-shaped (or Reka native) chat request what decides the answer. Pure.

#include <string>
#include <string_view>

#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/said.h"

namespace simulator {

// Pointers in the result are into `body`.
Question read_question(const js::object& body, std::string seed);

// All text of a message's content: a string, or its text parts in order.
std::string content_text(const js::object& message);

// Number of parts of this type in all messages ("image_url").
int count_parts(const js::object& body, std::string_view type);

}  // namespace simulator
