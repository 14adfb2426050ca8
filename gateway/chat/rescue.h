#pragma once
// Goes on with a stream whose upstream broke off in the middle of its answer: another target is
// asked for the rest, and the client sees one stream (providers/seam.h says how the two are joined,
// ARCHITECTURE.md when it is done at all). One per request, on its frame; its worker's thread.
// Until something breaks it is a few words of memory.

#include <cstddef>
#include <memory>
#include <span>

#include "config/config.h"
#include "gateway/chat/meter.h"
#include "gateway/routing_table.h"
#include "providers/continued_request.h"
#include "providers/continued_stream.h"

namespace gateway::chat {

class Rescue {
 public:
  // So often somebody begins to go on with an answer; who fails before that is followed by the
  // next. One longer than this is not kept, so that nobody can go on with it.
  static constexpr int kMost = 2;
  static constexpr std::size_t kLongest = 256UL * 1024;

  // `order`: whom the request may be tried with. All outlive this.
  Rescue(const config::Model& model, const providers::ChatRequest& chat,
         std::span<const RouteTarget* const> order, Meter& meter);
  Rescue(const Rescue&) = delete;
  Rescue& operator=(const Rescue&) = delete;

  // This one failed and is asked again when no other is left: it could go on as well.
  void comes_again(const config::Target& target) {
    comes_again_ = comes_again_ || may_be_asked(target);
  }
  // Keeps what this target's stream delivers, where somebody behind it could go on.
  void watch(const config::Target& target, providers::StreamDecoder& decoder) const;
  // That stream has shown content and broken off with `why`; settled already.
  void broke_off(const config::Error& why, const providers::StreamDecoder& decoder);

  // Something is missing that other targets may be asked for.
  bool needed() const { return state_ != nullptr && !state_->given_up; }
  // The request to ask this one with; nullptr: it is not to be asked. Lasts until the next call.
  const providers::ChatRequest* request_for(const config::Target& target,
                                            providers::JsonWorkspace& json);
  // What the answer to that goes through; nullptr: nothing is missing.
  providers::ContinuedStream* rest() const { return state_ ? state_->rest.get() : nullptr; }
  // The attempt with it has ended so.
  void asked(const config::Result<void>& done);

  // What the client is told where nobody could go on.
  const config::Error& why() const { return state_->why; }

 private:
  struct State {
    providers::BegunStream begun;
    config::Error why;
    std::unique_ptr<const providers::ContinuedRequest> request;
    std::unique_ptr<providers::ContinuedStream> rest;  // looks at `begun`
    int begun_again = 0;
    bool given_up = false;
  };

  bool may_be_asked(const config::Target& target) const;
  void took_over(const config::Error& broke);

  const config::Model& model_;
  const providers::ChatRequest& chat_;
  const std::span<const RouteTarget* const> order_;
  Meter& meter_;
  const bool possible_;
  bool comes_again_ = false;
  std::unique_ptr<State> state_;
};

}  // namespace gateway::chat
