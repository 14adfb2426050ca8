#pragma once
// Reka's native stream as OpenAI's (wire-facts 1.2.4): full texts become deltas, one
// role, one id, tool calls whole at the end, usage last, [DONE]. One per stream.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/adapter.h"
#include "providers/reka_chat_answer.h"
#include "providers/reka_chat_text.h"

namespace providers::reka {

class NativeStream final : public StreamDecoder {
 public:
  // The head's views must last as long as this.
  NativeStream(const Call& call, const AnswerHead& head);

  config::Result<void> decode(const SseEvent& event, Body& out) override;
  config::Result<void> finish(Body& out) override;
  void stop(std::string_view why, Body& out) override;
  void end(Body& out) override;
  std::optional<Frame> unfinished() const override;

 private:
  config::Result<void> read(JsonValue root, Body& out);
  void merge_calls(std::vector<AnsweredCall> calls);
  void begin(Body& out);
  void emit_text(std::string_view text, Body& out);
  void emit_calls(Body& out);
  config::Result<void> emit_finish(Body& out);
  void emit_usage(Body& out);
  void emit_choice(Body& out, std::string_view delta, std::string_view finish,
                   std::string_view native_finish = {}, std::string_view more = {});

  const Call call_;
  const AnswerHead head_;
  CumulativeText text_;
  std::string storage_;  // an event's text
  std::string delta_;    // the delta being written
  std::string id_;       // the client's, raw JSON
  std::string prefix_;   // of every chunk, up to `"choices":`
  std::vector<AnsweredCall> calls_;
  std::string upstream_finish_;
  bool begun_ = false;     // the role is out
  bool finished_ = false;  // the finish reason is out
  int unreadable_ = 0;     // events that were no JSON
};

}  // namespace providers::reka
