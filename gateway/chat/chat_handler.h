#pragma once
// Serves everything that reaches an upstream: chat completions, completions and
// embeddings take the same line, so that none can forget to pay. One per worker,
// used on its thread; one coroutine per request.

#include <memory>

#include "gateway/async.h"
#include "gateway/chat/choice.h"
#include "gateway/chat/routing_override.h"
#include "gateway/http/reply.h"
#include "gateway/http/request.h"
#include "gateway/ledger/usage_record.h"
#include "gateway/limits/limiter.h"
#include "gateway/worker.h"
#include "providers/chat_request.h"

namespace gateway::chat {

class Explanation;
class Meter;

class ChatHandler {
 public:
  explicit ChatHandler(Worker& worker) : worker_(worker) {}

  // Answers in every case: with what an upstream said, or with one Error. The endpoint's
  // gate has found request.caller.
  Awaitable<void> serve(providers::Operation operation, const http::Request& request,
                        http::Reply& reply);

  // What a request asks, of whom: everything before anything is spent.
  struct Asked {
    std::shared_ptr<const Snapshot> snapshot;  // this request's view of the world, to its end
    providers::ChatRequest chat;
    RouteMatch match;
    Tags tags;
    RoutingOverride routing;
    bool dry_run = false;
    bool explain = false;
    limits::Slot slot;  // its place among the running requests
  };

 private:
  config::Result<Asked> understand(providers::Operation operation, const http::Request& request);
  config::Result<void> admit_one(Asked& asked, const http::Request& request, http::Reply& reply);
  Awaitable<void> refuse(const config::Error& error, const http::Request& request,
                         http::Reply& reply);
  Awaitable<void> answer_without_asking(const Asked& asked, const http::Request& request,
                                        http::Reply& reply);

  Choice choice(const Asked& asked, const http::Request& request);
  Awaitable<config::Result<void>> answer(Asked& asked, const http::Request& request,
                                         http::Reply& reply, Explanation& explanation);
  Awaitable<config::Result<void>> first_that_answers(const Asked& asked,
                                                     const http::Request& request,
                                                     http::Reply& reply, Meter& meter,
                                                     Explanation& explanation);

  Worker& worker_;
};

}  // namespace gateway::chat
