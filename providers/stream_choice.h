#pragma once
// One choice of a streamed answer: what of it the client has, and the changes its next
// piece needs. Pieces that hold nothing for the client (an empty delta, a role alone)
// are known as such. Belongs to an OpenAiStream.

#include <array>
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
#include "providers/wire/json_names.h"

namespace providers {

// The members of a piece that are read, in the order of their names.
struct Piece {
  enum : std::size_t { kIndex, kDelta, kText, kFinish, kNative, kLogprobs, kError, kObject };
  static constexpr JsonNames kNames{
      "index",    "delta", "text",  "finish_reason", "native_finish_reason",
      "logprobs", "error", "object"};
  explicit Piece(JsonValue piece) : whole(piece), found(kNames.in(piece)) {}
  JsonValue operator[](std::size_t name) const { return found[name]; }

  JsonValue whole;
  std::array<JsonValue, kNames.kNone> found;
};

class StreamChoice {
 public:
  StreamChoice(const Call& call, std::size_t index);

  // Notes the changes to one piece; true: it holds something for the client. Then, and
  // only then, the piece must be sent. Adds to `delivered` what the client reads.
  bool take(const Piece& piece, Edits& edits, DeliveredText& delivered);
  // Of the piece just taken: the string that its client reads, where taking the piece again with
  // another text in it would change nothing here; nothing otherwise.
  JsonValue repeatable_text() const { return repeatable_; }

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
  JsonValue repeatable_;

  // Reused from piece to piece.
  std::string text_;
  std::string reasoning_;
  std::string answer_;
  std::string added_;
};

}  // namespace providers
