#pragma once
// Translates between the OpenAI shape our clients speak and one upstream's own.
// Adapters are const after construction and shared by all workers. They do no
// I/O, read no clock and log nothing: everything they need arrives as an argument,
// so a text file can test them completely (tests/fixtures).

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/error.h"
#include "config/config.h"
#include "providers/chat_request.h"
#include "providers/tokens/delivered_text.h"
#include "providers/usage.h"
#include "providers/wire/body.h"
#include "providers/wire/json_workspace.h"
#include "providers/wire/sse_parser.h"

namespace providers {

// One attempt's view of the world; all references outlive the attempt.
struct Call {
  const ChatRequest& chat;
  const config::Target& target;
  JsonWorkspace& json;
  // What the caller's key may ask of an upstream beyond tokens (decisions 21); closed
  // unless the gateway opens it. Extras cost more (plugins, server tools, web search).
  bool allow_upstream_extras = false;
  // Of listed_models(chat), those the key may use; any other is refused.
  std::span<const std::string> allowed_models = {};
  // What the target is asked with, where that is not its first key.
  const config::Secret* key = nullptr;
  // What other attempts of the same request have cost by now, read when the client is told of it;
  // nullptr: there are none.
  const Cost* spent = nullptr;

  // What the client is told that its request has cost, after an attempt with this usage.
  Cost cost_with(const Usage& usage) const;
  const config::Secret& api_key() const { return key != nullptr ? *key : target.api_key; }
};

// Models the request lets an upstream fall back to (OpenRouter's `models`), as the
// client spelled them; empty: none. The gateway checks each against the key and holds
// for the dearest.
std::vector<std::string> listed_models(JsonWorkspace& json, const ChatRequest& chat);

// What to send. Who opens the socket, waits, retries and counts is not our
// concern. Host, Content-Length, Accept-Encoding and Connection are the sender's.
struct UpstreamRequest {
  std::string_view method = "POST";
  std::string path;  // "/api/v1/chat/completions": base_url's path included
  std::vector<std::pair<std::string, std::string>> headers;
  Body body;              // ranges may point into chat.bytes
  bool streamed = false;  // we asked for server-sent events
  // Parameters the target cannot honour and that may go (decisions 20): named in
  // the answer's x-tollgate-dropped.
  std::vector<std::string> dropped;
};

// The head of an upstream's answer. Views last as long as the answer.
struct AnswerHead {
  int status = 0;
  std::span<const std::pair<std::string_view, std::string_view>> fields;

  // The first field of that name, in any case; empty where there is none.
  std::string_view find(std::string_view name) const;
};

// A whole answer in the client's shape. Ranges may point into the upstream's body.
struct Completion {
  Body body;
  Usage usage;
  std::string upstream_id;     // a generation id, for receipts
  std::string upstream_model;  // as the upstream names what answered; may be empty
};

// State of one streamed answer: upstream events in, the client's bytes out.
// Nothing comes out before the first content (text, reasoning, a tool call or a
// finish), because until then another target may still be tried. One per stream.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;

  // Appends what the event means to `out`, which borrows from the event until the
  // parser's next feed(). An Error ends the stream.
  virtual config::Result<void> decode(const SseEvent& event, Body& out) = 0;

  // The upstream said [DONE] or closed in order. Appends what is missing of the answer
  // itself, or says that the stream is truncated.
  virtual config::Result<void> finish(Body& out) = 0;

  // We end it before the upstream does: every open choice finishes with "length", and the
  // chunk's member `tollgate` says {"stopped": why}. `why` is a word. Only after content;
  // nothing more is decoded after it.
  virtual void stop(std::string_view why, Body& out) = 0;

  // Behind either: what the client is owed besides, usage if it asked for it, and [DONE]. By
  // then all that the request has cost is known.
  virtual void end(Body& out) = 0;

  // What every chunk of an answer bears, as raw JSON.
  struct Frame {
    std::string id;
    std::string created;
  };
  // That of one answer that has begun and not ended, and has called nothing: another upstream could
  // go on with it. nullopt: it could not.
  virtual std::optional<Frame> unfinished() const { return std::nullopt; }
  // Keeps what was delivered for that, up to so many bytes.
  void keep_content(std::size_t limit) { delivered_.keep_content(limit); }

  // [DONE] was seen: whatever follows does not count.
  bool done() const { return done_; }

  // As far as known; final after end().
  const Usage& usage() const { return usage_; }
  // Text handed to the client so far, reasoning and tool arguments included: what an
  // estimate is made from. In bytes of UTF-8 it costs nothing to ask.
  const DeliveredText& delivered() const { return delivered_; }
  std::size_t delivered_bytes() const { return delivered_.bytes(); }
  const std::string& upstream_id() const { return upstream_id_; }

 protected:
  bool done_ = false;
  Usage usage_;
  DeliveredText delivered_;
  std::string upstream_id_;
};

class Adapter {
 public:
  virtual ~Adapter() = default;

  // The kind's capabilities for a target of this preset and upstream model, before
  // the operator's overrides. Called once per target, when a snapshot is built; an
  // Error is a configuration problem (an unknown preset).
  virtual config::Result<config::Capabilities> capabilities(const config::Target& target) const = 0;

  // The request to send, or why this target cannot serve it: unsupported_parameter
  // names the parameter and the model.
  virtual config::Result<UpstreamRequest> encode(const Call& call) const = 0;

  // A complete 2xx answer. `body` is padded for simdjson.
  virtual config::Result<Completion> decode(const Call& call, const AnswerHead& head,
                                            std::string_view body) const = 0;

  // What such an answer says of its usage where decode() could make nothing of it: a provider may
  // bill what nobody can read. Nothing, unless the kind has it.
  virtual Usage usage_in(const Call& call, const AnswerHead& head, std::string_view body) const;

  // What a non-2xx answer means to us.
  virtual config::Error decode_error(const Call& call, const AnswerHead& head,
                                     std::string_view body) const = 0;

  // What costs nothing to ask: a GET of base_url + `path` ("/models") with the target's key.
  virtual UpstreamRequest lookup(const config::Target& target, std::string_view path) const;

  // What asks whether it is back: never a request to a model, never paid for. nullopt: the kind
  // has no such question; all have `models`.
  virtual std::optional<UpstreamRequest> free_question(const config::Target& target,
                                                       config::FreeQuestion question) const;
  // What was answered to it, `body` where the question was `key`. upstream_denied,
  // upstream_no_credit: the key is not taken; any other Error: it is not back.
  virtual config::Result<void> read_free_answer(config::FreeQuestion question, int status,
                                                std::string_view body) const;

  // Fresh state for one streamed answer. The call's references must outlive it.
  virtual std::unique_ptr<StreamDecoder> open_stream(const Call& call,
                                                     const AnswerHead& head) const = 0;
};

// What is wrong with a provider's `probe`, in words for who wrote it; empty: nothing is.
std::string why_not_asked(const Adapter& adapter, const config::Provider& provider);

// A whole answer in the client's shape turned into the stream the client asked
// for: where an upstream cannot stream what was asked, or answered JSON anyway.
// `completion` is what decode() gave for the same call.
config::Result<Body> stream_from_completion(const Call& call, const Completion& completion);

}  // namespace providers
