#pragma once
// Streams of OpenAI-shaped upstreams: each event is validated, the parts that must not
// reach the client as they are get cut or replaced, and the rest is passed on as it was
// spelled. Keeps what the official SDKs rely on (wire-facts 5.2, 5.3): one role, one id,
// one `created` and one model in all chunks, tool calls numbered and named once, lists
// of objects numbered, usage only where asked for, and then last. One per stream; see
// StreamDecoder.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "providers/adapter.h"
#include "providers/event_mould.h"
#include "providers/openai_shape.h"
#include "providers/stream_choice.h"
#include "providers/wire/edits.h"

namespace providers {

class OpenAiStream : public StreamDecoder {
 public:
  OpenAiStream(const Call& call, const AnswerHead& head, const Dialect& dialect);

  config::Result<void> decode(const SseEvent& event, Body& out) override;
  config::Result<void> finish(Body& out) override;
  void stop(std::string_view why, Body& out) override;
  void end(Body& out) override;
  std::optional<Frame> unfinished() const override;

 private:
  config::Result<void> decode_json(std::string_view data, bool error_event, Body& out);
  config::Result<void> garbled(std::string_view what);
  struct Members;
  void learn(const Members& root);
  config::Result<void> take_choices(JsonValue choices);
  void edit_top(JsonValue root);
  void remember(std::string_view data, const Members& root);
  StreamChoice& choice_at(std::size_t index);
  void begin_chunk(Body& out);
  void end_chunk(Body& out, std::string_view rest);
  void write_finishes(Body& out, std::string_view stopped = {});
  void write_usage(Body& out);

  const Call& call_;
  const AnswerHead head_;
  const std::string model_;  // quoted, as the client asked
  const std::string_view object_;

  std::string id_;       // raw JSON; empty until the first chunk
  std::string created_;  // raw JSON
  std::string last_usage_;
  std::vector<StreamChoice> choices_;
  std::size_t last_choice_ = 0;  // the one that came last
  bool delivered_any_ = false;
  bool seen_choice_ = false;
  int garbled_ = 0;

  EventMould mould_;
  // Reused from event to event.
  Edits edits_;
  std::string added_;
  std::string one_line_;
};

}  // namespace providers
