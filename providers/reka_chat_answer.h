#pragma once
// Reka's native answer in the client's words, and what streams share with it. Pure
// functions over a validated document.

#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "providers/adapter.h"
#include "providers/finish_reason.h"
#include "providers/wire/json_document.h"

namespace providers::reka {

// One call the model made, complete.
struct AnsweredCall {
  std::string id;  // empty: the upstream gave none
  std::string name;
  std::string arguments;  // the text of a JSON object
};

// The client is given that call.
void add_delivered(const AnsweredCall& made, DeliveredText& delivered);

// Of a message or chunk; OpenAI's wrapped form is understood too.
std::vector<AnsweredCall> read_calls(JsonValue tool_calls);

// The finish reason for the client. A native call is never cut off, so with calls made
// it is tool_calls, whatever was said.
Finish native_finish(std::string_view upstream, bool called_tools);

// The answer or event says that the request failed, in either of Reka's envelopes.
bool is_refusal(JsonValue root);

// {"id":…,"responses":[{"message":…}],…} as a chat completion.
config::Result<Completion> native_completion(const Call& call, const AnswerHead& head,
                                             std::string_view body);

}  // namespace providers::reka
