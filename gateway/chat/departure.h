#pragma once
// What becomes of an attempt whose client leaves (config::OnClientGone): its upstream is
// closed at once, or its answer is read to the end so that its usage is known, for a while
// and not too many at a time. Also ends the attempt where the gateway has no more time for it. On
// the attempt's frame; its worker's thread.

#include <atomic>
#include <optional>

#include "gateway/chat/meter.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/deadlines.h"
#include "gateway/http/client_watch.h"
#include "gateway/http/reply.h"
#include "gateway/upstream/exchange.h"

namespace gateway::chat {

class Departure {
 public:
  // All outlive this. `drains` counts the answers that are read for nobody, in all workers.
  Departure(http::Reply& reply, upstream::Exchange& exchange, AttemptMeter& attempt,
            SignsOfLife& signs, Deadlines& deadlines, std::atomic<int>& drains,
            config::OnClientGone what);
  ~Departure();
  Departure(const Departure&) = delete;
  Departure& operator=(const Departure&) = delete;

  // A write has failed: nobody is there, whatever the socket says.
  void noticed() { watch_.end(); }

  bool client_left() const { return watch_.client_left(); }
  // The gateway had no more time for it.
  bool hurried() const { return hurried_; }
  // Nobody listens, and the answer is read all the same.
  bool draining() const { return draining_; }

 private:
  void left();
  void hurry();

  upstream::Exchange& exchange_;
  AttemptMeter& attempt_;
  SignsOfLife& signs_;
  std::atomic<int>& drains_;
  const config::OnClientGone what_;
  bool draining_ = false;
  bool hurried_ = false;
  Deadline limit_;
  http::ClientWatch watch_;
};

}  // namespace gateway::chat
