#pragma once
// What every OpenAI-shaped upstream has in common: requests go out by splicing the
// client's bytes, answers and events come back the same way. A kind is a Dialect and,
// where that is not enough, overrides of amend(). Const, shared by all workers.

#include <span>
#include <string_view>

#include "providers/adapter.h"
#include "providers/request_draft.h"

namespace providers {

// How one kind differs from plain OpenAI. Fields not named here pass untouched,
// unless a capability of the target says otherwise.
struct Dialect {
  // Hints and nuances it does not take: left out and named (decisions 20).
  std::span<const std::string_view> dropped = {};
  // Dropped from the assistant's messages of earlier turns.
  std::span<const std::string_view> dropped_from_history = {};
  bool reasoning_object = false;  // takes `reasoning`; else its effort becomes reasoning_effort
  bool audio_output = false;      // takes modalities and audio; else they are refused
  bool stop_as_array = false;     // a bare string becomes an array of one
  // Where the answer's head says what it cost, and what the upstream calls it.
  std::string_view cost_header = {};
  std::string_view generation_header = {};
  // What a request was billed as where asking has several prices: the name in
  // Price::per_request_variants, or nothing. May use json.nested, not json.document.
  std::string_view (*price_variant)(const Call& call) = nullptr;
};

class OpenAiShape : public Adapter {
 public:
  explicit OpenAiShape(const Dialect& dialect) : dialect_(dialect) {}

  config::Result<config::Capabilities> capabilities(const config::Target& target) const override;
  config::Result<UpstreamRequest> encode(const Call& call) const override;
  config::Result<Completion> decode(const Call& call, const AnswerHead& head,
                                    std::string_view body) const override;
  Usage usage_in(const Call& call, const AnswerHead& head, std::string_view body) const override;
  config::Error decode_error(const Call& call, const AnswerHead& head,
                             std::string_view body) const override;
  std::unique_ptr<StreamDecoder> open_stream(const Call& call,
                                             const AnswerHead& head) const override;

 protected:
  // What the kind changes after the common rules have been applied. json.document then
  // holds nothing in particular.
  virtual config::Result<void> amend(const Call& call, RequestDraft& draft) const;
  // Fields beside the common ones; extra_headers of the target come after these.
  virtual void add_headers(const Call& call, UpstreamRequest& request) const;

  const Dialect& dialect() const { return dialect_; }

 private:
  const Dialect& dialect_;
};

// `unsupported_parameter` that names the parameter and the model, as the client spelled it.
config::Error cannot(const Call& call, std::string_view param);

}  // namespace providers
