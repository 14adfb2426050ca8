#pragma once
// Moves one answer from an upstream to the client, through the adapter's
// translation. Coroutines of the attempt that calls them.

#include <string>
#include <vector>

#include "gateway/async.h"
#include "gateway/chat/departure.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/http/reply.h"
#include "gateway/upstream/exchange.h"
#include "providers/adapter.h"

namespace gateway::chat {

// One upstream answer on its way: who translates it, who pays for it, who gets it.
struct Delivery {
  const providers::Adapter& adapter;
  const providers::Call& call;
  const providers::AnswerHead& head;
  const std::vector<std::string>& dropped;  // for x-tollgate-dropped
  upstream::Exchange& upstream;
  http::Reply& reply;
  Meter& request;
  AttemptMeter& attempt;
  SignsOfLife& signs;
  Departure& departure;
};

// A complete answer; as the stream the client asked for, where it asked for one.
Awaitable<config::Result<void>> relay_whole(Delivery delivery);

// The same, of an upstream that streams although a whole answer was asked for.
Awaitable<config::Result<void>> relay_stream_as_whole(Delivery delivery);

// A stream. One read, one write: the next read starts when the client has taken the
// last write, so a slow client slows its upstream and memory stays at one buffer. A
// stream that stays quiet gets its head and comments; that alone is no content.
Awaitable<config::Result<void>> relay_stream(Delivery delivery, providers::StreamDecoder& decoder);

}  // namespace gateway::chat
