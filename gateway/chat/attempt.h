#pragma once
// One try at one target: encode, send, relay, settle. A coroutine of the request
// that makes it; may fail before or after the commit point (Reply::committed()).

#include "gateway/async.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/http/reply.h"
#include "gateway/routing_table.h"
#include "gateway/worker.h"
#include "providers/chat_request.h"

namespace gateway::chat {

Awaitable<config::Result<void>> attempt(Worker& worker, const providers::Adapter& adapter,
                                        const providers::Call& call,
                                        config::UnsupportedParams unsupported, http::Reply& reply,
                                        Meter& meter, SignsOfLife& signs);

}  // namespace gateway::chat
