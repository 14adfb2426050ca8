#pragma once
// One choice of a streamed answer: what of it the client has, and the changes its next
// piece needs. Pieces that hold nothing for the client (an empty delta, a role alone)
// are known as such. Belongs to an OpenAiStream.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/adapter.h"
#include "providers/finish_reason.h"
#include "providers/reasoning_tags.h"
#include "providers/wire/edits.h"
#include "providers/wire/json_document.h"

namespace providers {

class StreamChoice {
 public:
  StreamChoice(const Call& call, std::size_t index);

  // Notes the changes to one piece; true: it holds something for the client. Then, and
  // only then, the piece must be sent. Adds to `delivered` what the client reads.
  bool take(JsonValue piece, Edits& edits, DeliveredText& delivered);

  bool finished() const { return finished_; }
  // A tool call has begun.
  bool has_called() const { return !slots_.empty(); }

  // The piece that ends a choice whose upstream gave no finish_reason, as raw JSON;
  // with the text still held back. `why` empty: as an answer that has ended by itself.
  void write_finish(std::string& out, std::string_view why, DeliveredText& delivered);

 private:
  struct ToolSlot {
    std::int64_t upstream_index;
    std::string id;    // the upstream's; empty: none so far
    std::string name;  // sent
    bool begun = false;
  };

  bool take_delta(JsonValue delta, bool finishing, Edits& edits, DeliveredText& delivered);
  bool split(ReasoningTags& tags, JsonValue content, bool finishing, DeliveredText& delivered);
  void take_tool_calls(const JsonMemberView& member, Edits& edits);
  void edit_tool_call(JsonValue call, Edits& edits);
  std::size_t slot_of(JsonValue call);
  void number(JsonValue list, bool reasoning, Edits& edits);
  Finish finish(std::string_view upstream) const;
  std::string_view reason(std::string_view upstream) const;

  const Call* call_;
  std::size_t index_;
  bool chat_;
  bool functions_;  // the caller is answered with function_call
  bool role_sent_ = false;
  bool finished_ = false;
  std::vector<ToolSlot> slots_;
  std::int64_t next_detail_ = 0;
  std::string last_detail_type_;
  std::int64_t next_entry_ = 0;  // of any other list
  std::optional<ReasoningTags> tags_;

  // Reused from piece to piece.
  std::string text_;
  std::string reasoning_;
  std::string answer_;
  std::string added_;
};

}  // namespace providers
