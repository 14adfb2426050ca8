#pragma once
// Serves everything that reaches an upstream: chat completions, completions and
// embeddings take the same line, so that none can forget to pay. One per worker,
// used on its thread; one coroutine per request.

#include "gateway/async.h"
#include "gateway/chat/asked.h"
#include "gateway/chat/choice.h"
#include "gateway/http/reply.h"
#include "gateway/http/request.h"
#include "gateway/worker.h"
#include "providers/chat_request.h"

namespace gateway::chat {

class Explanation;

class ChatHandler {
 public:
  explicit ChatHandler(Worker& worker) : worker_(worker) {}

  // Answers in every case: with what an upstream said, or with one Error. The endpoint's
  // gate has found request.caller.
  Awaitable<void> serve(providers::Operation operation, const http::Request& request,
                        http::Reply& reply);

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

  Worker& worker_;
};

}  // namespace gateway::chat
