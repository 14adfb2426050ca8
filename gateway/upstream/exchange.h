#pragma once
// One request to one upstream and its answer, over a pooled or fresh HTTP/1.1
// connection (TCP or TLS). Phase limits (config::Timeouts) are kept on the worker's
// Deadlines; an expired one closes the connection and the operation under way
// returns upstream_timeout. Belongs to the attempt's coroutine, on its worker's
// thread. Destroyed unfinished, the connection is closed; finished in order and
// where the upstream allows, it returns to the pool.

#include <cstddef>
#include <memory>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/async.h"
#include "providers/adapter.h"

namespace gateway::upstream {

class Pools;  // one per worker: idle connections by target address, resolver cache, TLS contexts

class Exchange {
 public:
  Exchange(Pools& pools, const config::Target& target);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Connects or reuses, writes head and body in one gather write, and waits for the
  // answer's head (1xx skipped). A pooled connection that died before a byte of answer
  // is replaced once by a fresh one, unseen. `request` outlives the exchange. Views in
  // the head last as long as the exchange.
  Awaitable<config::Result<providers::AnswerHead>> start(const providers::UpstreamRequest& request);

  // The next bytes of the body as they arrive, chunk framing removed; empty: its end.
  // Valid until the next call.
  Awaitable<config::Result<std::string_view>> read_some();

  // The whole body, padded for simdjson; more than `limit` bytes is upstream_garbled.
  // Valid as long as the exchange.
  Awaitable<config::Result<std::string_view>> read_all(std::size_t limit);

  // Relaxes or tightens the limit between two reads of a stream.
  void expect_within(std::chrono::milliseconds limit);

  // Closes at once: the operation under way returns upstream_unavailable. Idempotent.
  void cancel();

  // Any byte of the request reached the socket: the upstream may bill it.
  bool written() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway::upstream
