#pragma once
// One try at one target: encode, send, relay, settle. A coroutine of the request
// that makes it; may fail before or after content has been shown (Meter::content_shown()).

#include <chrono>

#include "gateway/async.h"
#include "gateway/chat/candidate.h"
#include "gateway/chat/circuit.h"
#include "gateway/chat/contest.h"
#include "gateway/chat/explanation.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/rescue.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/http/reply.h"
#include "gateway/routing_table.h"
#include "gateway/worker.h"
#include "providers/chat_request.h"

namespace gateway::chat {

// Who asks, by which route, and whom the answer goes to; the same for all attempts of a
// request.
struct Asker {
  const Snapshot& snapshot;
  const VirtualKey& caller;
  const config::Model& model;
  http::Reply& reply;
  Meter& meter;
  SignsOfLife& signs;
  Contest& contest;
  Rescue& rescue;
  Explanation& explanation;
  config::Clock::Steady deadline;     // of all attempts
  std::chrono::milliseconds allowed;  // from the request's beginning until then
};

// The circuit allows it, and is told of a whole answer before the client has it.
Awaitable<config::Result<void>> attempt(Worker& worker, const Asker& asker,
                                        const Candidate& candidate, Circuit& circuit);

}  // namespace gateway::chat
