#pragma once
// One attempt's share in its target's latency: under way while it lives, and when its first
// content came. Part of the attempt's meter; its worker's thread.

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/upstream/peak_latency.h"

namespace gateway::chat {

class Stopwatch {
 public:
  using Span = upstream::PeakLatency::Span;

  Stopwatch() = default;
  ~Stopwatch() {
    if (counted_) latency_->ended();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  // Once, at the attempt's begin. nullptr: nobody asks.
  void times(upstream::PeakLatency* latency) {
    latency_ = latency;
    counted_ = latency != nullptr && latency->began();
  }

  void first_content(Span took, config::Clock::Steady now) {
    if (latency_ != nullptr) latency_->first_content(took, now);
  }
  // It ended before. What took too long for us is as slow as that; what failed otherwise, or was
  // left by its client, is at least as slow as it was waited for.
  void nothing_came(const config::Error& why, Span waited, config::Clock::Steady now) {
    if (latency_ == nullptr) return;
    const bool too_slow = why.code == config::ErrorCode::upstream_timeout;
    too_slow ? latency_->first_content(waited, now) : latency_->none_within(waited, now);
  }

 private:
  upstream::PeakLatency* latency_ = nullptr;
  bool counted_ = false;
};

}  // namespace gateway::chat
