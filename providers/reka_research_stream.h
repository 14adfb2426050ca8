#pragma once
// Research streams OpenAI's chunks, but for `reasoning_steps`: a delta holds the list so
// far or only its newest entries (both were seen described), which clients that add up
// deltas would repeat or break on. Each step is given once, when the next one or the
// answer shows that it is complete. One per stream; see StreamDecoder.

#include <string>
#include <vector>

#include "providers/openai_stream.h"

namespace providers::reka {

// The steps so far, whichever way the upstream sends them. Raw JSON texts.
class ReasoningSteps {
 public:
  void take(JsonValue list);
  // Members of an array: the steps not given yet that are complete, or all of them.
  std::string give(bool all);

 private:
  std::vector<std::string> steps_;
  std::size_t given_ = 0;
};

class ResearchStream final : public OpenAiStream {
 public:
  ResearchStream(const Call& call, const AnswerHead& head, const Dialect& dialect)
      : OpenAiStream(call, head, dialect), json_(call.json) {}

  config::Result<void> decode(const SseEvent& event, Body& out) override;
  config::Result<void> finish(Body& out) override;

 private:
  config::Result<void> pass_on(std::string_view name, const std::string& data, Body& out);
  bool edit(JsonValue delta, bool finishes);

  JsonWorkspace& json_;
  ReasoningSteps steps_;
  Edits edits_;
};

}  // namespace providers::reka
