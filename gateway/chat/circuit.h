#pragma once
// One attempt's dealings with its target's breaker: whether it may be made, and what its end tells
// of the target. On the request's frame; its worker's thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/upstream/circuit_breakers.h"

namespace gateway::chat {

// However long an upstream asks to be left alone for, or one of its keys.
constexpr std::chrono::milliseconds kLongestRest{60'000};

// Why a target would not be asked now; nullopt: it would. Asks for nothing.
std::optional<config::Error> resting(upstream::BreakerView& breakers, const config::Target& target,
                                     bool pattern, config::Clock::Steady now);

// Another may be asked beside this target, which is slow to begin, and that is counted: a share of
// the requests that begin with it, so that one that is always slow doubles nobody's load.
bool may_be_hedged(upstream::BreakerView& breakers, const config::Target& target, bool pattern,
                   config::Clock::Steady now);

class Circuit {
 public:
  // `target` with its model spelled out; `pattern`: the configured one holds a *. All outlive this.
  Circuit(upstream::BreakerView& breakers, const config::Target& target, bool pattern,
          const config::Clock& clock);
  // An attempt that nobody judged tells nothing.
  ~Circuit();
  Circuit(const Circuit&) = delete;
  Circuit& operator=(const Circuit&) = delete;

  bool allows() const { return permit_ != upstream::CircuitBreaker::Permit::refused; }
  // It does not, by hand.
  bool held() const { return !allows() && !breaker_->status(clock_.now()).why; }
  // What is watched: the target, or a model that its pattern stands for.
  std::string_view name() const { return name_; }
  // As far as is known now, it would not be at that time.
  bool open_at(config::Clock::Steady at) const;
  // Why not: what was wrong, and when it is tried again.
  config::Error refusal() const;

  // The whole answer is there. Said before its last byte leaves: the client's next request may
  // come before the attempt has ended, and would find a probe still under way.
  void answered();
  // The upstream's answer began with this, for the log.
  void heard(int status) { status_ = status; }
  // How the attempt ended, where that was not said.
  void judge(const config::Result<void>& done);

  // The request asks this target before any other.
  void asked() {
    if (breaker_ == nullptr) return;
    breaker_->retries().asked(clock_.now());
    breaker_->hedges().asked(clock_.now());
  }
  // How often it may be asked again; nullptr: it never failed, or there are too many to watch.
  upstream::RetryBudget* retries() { return breaker_ != nullptr ? &breaker_->retries() : nullptr; }

  // The target's keys; nullptr: none of them was ever refused.
  upstream::KeyPool* keys() { return breaker_ != nullptr ? &breaker_->keys() : nullptr; }
  // The same where one has just been; nullptr: there are too many targets to watch.
  upstream::KeyPool* make_keys();

 private:
  void failed(const config::Error& error);

  upstream::BreakerView& breakers_;
  const config::Target& target_;
  const bool pattern_;
  const config::Clock& clock_;
  const std::string spelled_;  // where a pattern stands for a model that a client named
  const std::string_view name_;
  upstream::CircuitBreaker* breaker_;
  upstream::CircuitBreaker::Permit permit_;
  int status_ = 0;
  bool judged_ = false;
};

}  // namespace gateway::chat
