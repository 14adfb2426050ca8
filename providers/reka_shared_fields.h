#pragma once
// Writes a request field by field: a table per dialect says what becomes of each
// field of the client's request (wire-facts 6.1), the target's capabilities decide
// where the table leaves it to them. The order of the fields is the client's.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "providers/adapter.h"
#include "providers/chat_messages.h"
#include "providers/reka_shared_dropped.h"
#include "providers/reka_shared_history.h"
#include "providers/reka_shared_messages.h"
#include "providers/reka_shared_text.h"

namespace providers::reka {

// What becomes of a field. A null is always left out: it says nothing.
enum class Fate : std::uint8_t {
  pass,     // as the client spelled it
  drop,     // left out and named in the answer's header
  consume,  // ours, or somebody else writes it: left out, not named
  refuse,   // 400 that names it
  model,
  messages,
  stream,
  max_tokens,  // either spelling; the newer one wins
  stop,
  choices,   // n
  logprobs,  // logprobs, top_logprobs
  modalities,
  tools,  // and functions
  tool_choice,
  response_format,
  web_search,
};

struct Field {
  std::string_view name;
  Fate fate;
};

// How messages are spelled: as the native chat has them, or as text alone.
enum class Spelling : std::uint8_t { native, plain };

struct FieldTable {
  std::span<const Field> fields;
  Fate otherwise = Fate::drop;  // of a field the table does not know
  Spelling messages = Spelling::native;
};

class RequestFields {
 public:
  // All references outlive this object; the request it makes may borrow from
  // call.chat.bytes.
  RequestFields(const Call& call, const FieldTable& table);
  RequestFields(const RequestFields&) = delete;
  RequestFields& operator=(const RequestFields&) = delete;

  // Writes every field, or says what this target cannot do.
  config::Result<void> write();

  // For members of the dialect's own, behind the client's.
  JsonWriter& json() { return out_.json(); }
  Dropped& dropped() { return dropped_; }

  // Ends the body with the operator's own members and gives the request, without
  // path and headers.
  UpstreamRequest finish();

 private:
  config::Result<void> prepare();
  void read_extra_body();
  config::Result<void> write(const JsonMember& member);
  Fate fate_of(std::string_view name) const;
  void pass(const JsonMember& member);

  config::Result<void> write_messages();
  void write_max_tokens(const JsonMember& member);
  void write_stop(std::string_view value);
  void write_added_stops();
  void write_stream();
  void write_tools();
  config::Result<void> write_tool_choice(std::string_view name);
  config::Result<void> write_response_format(const JsonMember& member);
  config::Error cannot(std::string_view param) const;

  const Call& call_;
  const ChatRequest& chat_;
  const config::Capabilities& can_;
  const FieldTable& table_;
  UpstreamRequest request_;
  RequestText out_;
  Dropped dropped_;
  Conversation conversation_;
  History history_;
  std::vector<const Tool*> tools_;
  std::vector<std::string> overridden_;  // fields that extra_body gives
  bool legacy_tools_ = false;
  bool tools_written_ = false;
};

}  // namespace providers::reka
