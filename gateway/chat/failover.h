#pragma once
// Asks a route's targets, each in its turn, until one has answered. A coroutine of the request.

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/chat/asked.h"
#include "gateway/chat/choice.h"
#include "gateway/chat/explanation.h"
#include "gateway/chat/meter.h"
#include "gateway/http/reply.h"
#include "gateway/http/request.h"
#include "gateway/worker.h"

namespace gateway::chat {

// An Error: what to tell the client, in an answer or at the end of the stream that was begun.
// All outlive the call.
Awaitable<config::Result<void>> ask_targets(Worker& worker, const Asked& asked,
                                            const Choice& choice, const http::Request& request,
                                            http::Reply& reply, Meter& meter,
                                            Explanation& explanation);

}  // namespace gateway::chat
