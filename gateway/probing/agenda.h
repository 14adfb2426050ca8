#pragma once
// Which providers are asked now whether they are back, and what their answers mean. One is asked
// while a target of it is left alone for something that its question can tell of, and after that
// until it answers or a request has found out: one question at a time, at most one in each
// `probe.every`, and its answer counts for all such targets. A target
// whose requests failed again behind a good answer is let in by such answers more and more rarely.
//
// Asks nothing itself. The control thread's; what workers share is the breaker's word, changed by
// its own rules. Time is passed in.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/upstream/circuit_breaker.h"
#include "gateway/watched_targets.h"

namespace gateway::probing {

class Agenda {
 public:
  using Now = config::Clock::Steady;

  struct About {
    upstream::CircuitBreaker* breaker;
    config::ErrorCode why;  // it was left alone when the question was asked
    const config::Target* target;
  };
  // Pointers last as long as the snapshot of the targets.
  struct Question {
    const config::Target* asked = nullptr;
    std::vector<About> about;
  };

  // Each question that is given out comes back in answered(), once.
  std::vector<Question> due(const std::map<std::string, WatchedTarget>& targets, Now now);
  // How many targets it changed something for.
  int answered(const Question& question, const config::Result<void>& answer, Now now);

 private:
  struct Asking {
    Now next;
    bool under_way = false;
  };
  struct Rest {
    Now not_before;  // answers count again
    int belied = 0;  // how often a request failed behind an answer
    std::optional<std::uint64_t> opened_when_let_in;
  };

  std::map<config::ProviderName, Asking> providers_;
  // Of those not closed since; the breakers live as long as the process.
  std::map<const upstream::CircuitBreaker*, Rest> rests_;
};

}  // namespace gateway::probing
