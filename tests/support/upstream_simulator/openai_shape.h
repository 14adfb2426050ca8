#pragma once
// Writes what is said in OpenAI's shapes, with the small differences each dialect has.
// Pure: the same input gives the same bytes.

#include <cstdint>
#include <functional>
#include <string>

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/reply.h"
#include "tests/support/upstream_simulator/said.h"
#include "tests/support/upstream_simulator/usage_plan.h"

namespace simulator {

constexpr std::int64_t kCreated = 1'790'000'000;

struct OpenAiShape {
  std::string id;
  std::string model;
  js::object extras;  // beside `model` in the whole answer and in each chunk
  std::string reasoning_member = "reasoning_content";
  bool reasoning_details = false;  // OpenRouter's list beside the text
  bool inline_tags = false;        // <reasoning> inside the content
  bool nulls = true;               // members that are null are written out
  bool opening_chunk = true;       // a role chunk before anything is said
  bool role_every_chunk = false;
  bool empty_content_beside_reasoning = false;
  bool native_finish = false;
  js::object finish_extras;  // on the finish chunk's choice
  UsagePlace usage_place = UsagePlace::on_finish;
  bool whole_usage = true;
  std::int64_t choices = 1;
  std::function<js::object(const Said&)> usage;
};

Reply whole_answer(OpenAiShape shape, Said said, const Faults& faults);
Reply streamed_answer(OpenAiShape shape, Said said, const Faults& faults);

// The plain members prompt_tokens, completion_tokens, total_tokens.
js::object plain_usage(const Said& said);

// One entry of OpenRouter's reasoning_details.
js::array reasoning_details(std::string_view text);

}  // namespace simulator
