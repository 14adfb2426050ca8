#pragma once
// One attempt's share in its target's latency: under way while it lives, and when its first
// content came. Part of the attempt's meter; its worker's thread.

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/upstream/latencies.h"

namespace gateway::chat {

class Stopwatch {
 public:
  using Span = upstream::PeakLatency::Span;

  Stopwatch() = default;
  ~Stopwatch() {
    if (counted_) latency_->peak.ended();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  // Once, at the attempt's begin. nullptr: nobody asks.
  void times(upstream::AnswerLatency* latency) {
    latency_ = latency;
    counted_ = latency != nullptr && latency->peak.began();
  }

  void first_content(Span took, config::Clock::Steady now) {
    if (latency_ == nullptr) return;
    latency_->peak.first_content(took, now);
    latency_->p95.began(took);
  }
  // It ended before. What took too long for us is as slow as that; what failed otherwise, or was
  // left by its client, is at least as slow as it was waited for.
  void nothing_came(const config::Error& why, Span waited, config::Clock::Steady now) {
    if (latency_ == nullptr) return;
    if (why.code == config::ErrorCode::upstream_timeout) return first_content(waited, now);
    latency_->peak.none_within(waited, now);
    latency_->p95.none_within(waited);
  }

 private:
  upstream::AnswerLatency* latency_ = nullptr;
  bool counted_ = false;
};

}  // namespace gateway::chat
