#pragma once
// Which of a request's attempts may answer it, where two run beside each other: the first that has
// content at hand. The other is cancelled, and has ended and is settled before the winner shows
// anything, so that from there on the winner is alone as any attempt is. On the request's frame;
// its worker's thread.

#include <optional>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/upstream/exchange.h"
#include "gateway/upstream/signal.h"

namespace gateway::chat {

class Contest {
 public:
  explicit Contest(const Executor& executor) : executor_(executor) {}
  Contest(const Contest&) = delete;
  Contest& operator=(const Contest&) = delete;

  // Somebody has content: nobody else is to be asked.
  bool decided() const { return decided_; }
  // Whoever takes part is cancelled, and none has won.
  void call_off();

  // One attempt's part in it. On the attempt's frame, behind its exchange.
  class Entry {
   public:
    Entry(Contest& contest, upstream::Exchange& exchange);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    // Content is at hand, and nobody else takes part: it is this attempt's to show.
    bool wins_alone();
    // The same where that is not known: waits until the others have ended. An Error (outpaced):
    // another was first.
    Awaitable<config::Result<void>> win();
    bool lost() const { return lost_; }

   private:
    friend class Contest;
    Contest& contest_;
    upstream::Exchange& exchange_;
    Entry* before_;
    bool lost_ = false;
  };

 private:
  const Executor executor_;
  Entry* newest_ = nullptr;
  bool decided_ = false;
  std::optional<upstream::Signal> left_;  // where a winner waits for the others
};

// What an attempt failed of that another has outpaced.
config::Error outpaced();

}  // namespace gateway::chat
