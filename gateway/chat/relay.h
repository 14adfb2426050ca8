#pragma once
// Moves one answer from an upstream to the client, through the adapter's
// translation. Coroutines of the attempt that calls them.

#include <memory>
#include <string>
#include <vector>

#include "gateway/async.h"
#include "gateway/chat/circuit.h"
#include "gateway/chat/contest.h"
#include "gateway/chat/departure.h"
#include "gateway/chat/explanation.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/http/reply.h"
#include "gateway/upstream/exchange.h"
#include "providers/adapter.h"
#include "providers/continued_stream.h"

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
  AttemptPatience& patience;
  Contest::Entry& contest;
  Departure& departure;
  Circuit& circuit;
  ExplainedAttempt& explained;
  // What the answer goes through where it is the rest of one that broke off; else nullptr.
  providers::ContinuedStream* rest;
};

// A complete answer; as the stream the client asked for, where it asked for one.
Awaitable<config::Result<void>> relay_whole(Delivery delivery);

// A call for a whole answer as the call for a stream that its upstream took it for, and the state
// of that stream. Outlives the attempt's meter, which watches it.
class AsStream {
 public:
  AsStream(const providers::Adapter& adapter, const providers::Call& asked,
           const providers::AnswerHead& head);
  AsStream(const AsStream&) = delete;
  AsStream& operator=(const AsStream&) = delete;

  const providers::Call& call() const { return call_; }
  providers::StreamDecoder& decoder() { return *decoder_; }

 private:
  providers::ChatRequest chat_;
  const providers::Call call_;
  std::unique_ptr<providers::StreamDecoder> decoder_;
};

// A stream, though a whole answer was asked for, as that answer.
Awaitable<config::Result<void>> relay_stream_as_whole(Delivery delivery, AsStream& asked);

// A stream. One read, one write: the next read starts when the client has taken the
// last write, so a slow client slows its upstream and memory stays at one buffer. A
// stream that stays quiet gets its head and comments; that alone is no content.
Awaitable<config::Result<void>> relay_stream(Delivery delivery, providers::StreamDecoder& decoder);

}  // namespace gateway::chat
