#pragma once
// Everything one worker keeps about its upstreams between requests: idle
// connections by origin (last in, first out), the name cache, TLS contexts and
// sessions, spare read buffers. One per worker, its thread only; outlives every
// Exchange made on it: a worker that stops cancels them and runs its io_context until
// they have ended.

#include <chrono>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "config/base/clock.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/connection.h"
#include "gateway/upstream/origin.h"
#include "gateway/upstream/read_buffer.h"
#include "gateway/upstream/resolver.h"
#include "gateway/upstream/tls.h"

namespace gateway::upstream {

struct PoolLimits {
  std::size_t idle_per_origin = 128;
  // Below what servers commonly keep (nginx 75 s, uvicorn 5 s: such a one is caught by
  // the look at the socket before it is used again).
  std::chrono::milliseconds idle_age{60'000};
};

class Pools {
 public:
  Pools(net::io_context& io, Deadlines& deadlines, const config::Clock& clock,
        PoolLimits limits = {}, Resolver::Lookup lookup = {});
  ~Pools();
  Pools(const Pools&) = delete;
  Pools& operator=(const Pools&) = delete;

  // The youngest idle connection that is still open and silent; nullptr: dial.
  std::unique_ptr<Connection> take(const OriginView& origin);

  // A connection whose last answer ended in order.
  void give_back(const OriginView& origin, std::unique_ptr<Connection> connection);

  // Closes what is idle.
  void clear();

  std::size_t idle() const;

  const Executor& executor() const { return executor_; }
  const config::Clock& clock() const { return clock_; }
  Deadlines& deadlines() { return deadlines_; }
  Resolver& resolver() { return resolver_; }
  Tls& tls() { return tls_; }
  ReadBuffers& buffers() { return buffers_; }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    config::Clock::Steady since;
  };
  using Shelf = std::vector<Idle>;  // the oldest first

  void sweep();
  void drop_old(Shelf& shelf, config::Clock::Steady now) const;

  const Executor executor_;
  Deadlines& deadlines_;
  const config::Clock& clock_;
  const PoolLimits limits_;
  Resolver resolver_;
  Tls tls_;
  ReadBuffers buffers_;
  std::unordered_map<Origin, Shelf, OriginHash, OriginEqual> shelves_;
  Deadline next_sweep_;
};

}  // namespace gateway::upstream
