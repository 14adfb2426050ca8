#pragma once
// One request to one upstream and its answer, over a pooled or fresh HTTP/1.1
// connection (TCP or TLS). Phase limits (config::Timeouts) are kept on the worker's
// Deadlines; an expired one closes the connection and the operation under way
// returns upstream_timeout. Belongs to the attempt's coroutine, on its worker's
// thread. Destroyed unfinished, the connection is closed; finished in order and
// where the upstream allows, it returns to the pool.
//
// The coroutine that awaits an operation owns the Exchange, so the operation always
// ends before it: cancel() to end it early, never destroy it under an await.

#include <cstddef>
#include <memory>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/async.h"
#include "gateway/upstream/patience.h"
#include "gateway/upstream/phase_times.h"
#include "providers/adapter.h"

namespace gateway::upstream {

class Pools;  // one per worker: idle connections by target address, resolver cache, TLS contexts

class Exchange {
 public:
  // All outlive the exchange. Without `patience` it waits in silence.
  Exchange(Pools& pools, const config::Target& target, Patience* patience = nullptr);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Connects or reuses, writes head and body in one gather write, and waits for the
  // answer's head (1xx skipped). A pooled connection that died before a byte of answer
  // is replaced once by a fresh one, unseen. `request` outlives the exchange. Views in
  // the head last as long as the exchange. Once per exchange.
  Awaitable<config::Result<providers::AnswerHead>> start(const providers::UpstreamRequest& request);

  // The next bytes of the body as they arrive, chunk framing removed; empty: its end.
  // Valid until the next call; simdjson's padding behind them can be read.
  Awaitable<config::Result<std::string_view>> read_some();

  // The whole body, or what read_some() has not shown yet, padded for simdjson; more
  // than `limit` bytes is upstream_garbled. Valid as long as the exchange.
  Awaitable<config::Result<std::string_view>> read_all(std::size_t limit);

  // Closes at once: the operation under way returns upstream_unavailable, and so does
  // every later one. Idempotent.
  void cancel();

  // Any byte of the request reached the socket: the upstream may bill it.
  bool written() const;

  // The connection came from the pool (and was not replaced).
  bool reused() const;

  // Which wait it is in, and how long each has taken.
  const PhaseTimes& times() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway::upstream
