#pragma once
// Embeddings and legacy completions, which several dialects serve in OpenAI's shape. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/reply.h"

namespace simulator {

struct Embedded {
  js::object json;
  std::int64_t prompt_tokens = 0;
};

// `dimensions` floats (8 unless asked) per input, as numbers or base64; nullopt when the
// input is none of string, [string], [int], [[int]].
std::optional<Embedded> embed(const js::object& body, std::string_view model);

// One value of an embedding: a function of the text and the place.
float embedded_value(std::string_view text, std::size_t place);

Reply complete(const js::object& body, std::string_view model, std::string id,
               const Faults& faults);

}  // namespace simulator
