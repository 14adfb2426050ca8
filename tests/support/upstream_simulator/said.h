#pragma once
// What the simulated model thinks and says: a function of the request alone, so a test
// can compute it. One piece is one token and one streamed chunk. Value types.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/json.h"

namespace simulator {

struct ToolCall {
  std::string id;
  std::string name;
  js::object arguments;
};

struct Said {
  std::vector<std::string> reasoning;
  std::vector<std::string> text;
  std::vector<ToolCall> calls;
  std::string finish;  // "stop", "length", "tool_calls", …; empty: none is ever told
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;  // reasoning included
  std::int64_t reasoning_tokens = 0;
  std::int64_t cached_tokens = 0;

  std::string whole_text() const;
  std::string whole_reasoning() const;
};

// The parts of a chat request that decide what is said; the same for every dialect.
struct Question {
  std::string last_user_text;
  std::string prefill;  // text of a trailing assistant message
  bool ends_in_tool_result = false;
  std::int64_t prompt_tokens = 1;
  std::int64_t max_tokens = 1024;
  bool may_call = false;  // tools are there and tool_choice allows them
  bool must_call = false;
  js::array tools;  // flat: {name, description?, parameters?}
  std::string named_tool;
  const js::object* schema = nullptr;  // of response_format json_schema
  bool json_object = false;
  bool thinks = false;
  std::string seed;  // makes ids
};

Said say(const Question& question, const Faults& faults);

// Words with the blank before them; "a b" → "a", " b".
std::vector<std::string> pieces_of(std::string_view text);
std::int64_t count_words(std::string_view text);

// A small instance that satisfies a simple JSON schema.
js::value instance_of(const js::value& schema);

}  // namespace simulator
