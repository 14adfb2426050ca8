#pragma once
// Asks a route's targets, each in its turn, until one has answered; where the route is hedged, a
// second one beside a first that takes too long. One per request, on its handler's frame; its
// worker's thread.

#include <optional>
#include <string>
#include <vector>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/chat/asked.h"
#include "gateway/chat/attempt.h"
#include "gateway/chat/choice.h"
#include "gateway/chat/contest.h"
#include "gateway/chat/explanation.h"
#include "gateway/chat/failures.h"
#include "gateway/chat/hedge.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/rescue.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/chat/turns.h"
#include "gateway/http/reply.h"
#include "gateway/http/request.h"
#include "gateway/worker.h"

namespace gateway::chat {

class Failover {
 public:
  // All outlive this.
  Failover(Worker& worker, const Asked& asked, const Choice& choice, const http::Request& request,
           http::Reply& reply, Meter& meter, Explanation& explanation);
  Failover(const Failover&) = delete;
  Failover& operator=(const Failover&) = delete;

  // Once. An Error: what to tell the client, in an answer or at the end of the stream that was
  // begun.
  Awaitable<config::Result<void>> run();

 private:
  enum class Came : std::uint8_t {
    not_asked,
    answered,
    failed,
    key_refused,  // the target has another one
    outpaced,
  };

  Awaitable<> ask_in_turn();
  Awaitable<> ask_beside();
  Awaitable<bool> may_repeat(const Turn& turn);
  // What to ask it for; nullptr: it is not to be asked, which is explained.
  const providers::ChatRequest* request_for(const config::Target& target);
  Awaitable<Came> ask(Turn turn, const providers::ChatRequest& chat);
  void arm_hedge(const RouteTarget& first);
  bool may_hedge();

  Worker& worker_;
  const Asked& asked_;
  const config::Model& model_;
  const VirtualKey& caller_;
  http::Reply& reply_;
  Meter& meter_;
  Explanation& explanation_;
  const std::vector<std::string> fallbacks_;  // models the caller may be answered by
  const Targets order_;
  Turns turns_;
  SignsOfLife signs_;
  Rescue rescue_;
  Contest contest_;
  Failures failures_;
  const Asker asker_;
  const RouteTarget* hedged_ = nullptr;       // beside whom another may be asked
  std::optional<Hedge> hedge_;                // where there is one
  std::optional<config::Result<void>> done_;  // nobody is to be asked any more
};

}  // namespace gateway::chat
