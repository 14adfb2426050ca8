#pragma once
// The latencies of all targets that `order: fastest` has ever chosen among, or that are hedged by
// their own, by their configured names; a pattern counts as one. They live as long as the process,
// so that a reload finds them. Where nothing is chosen so, there are none and nothing is measured.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "gateway/upstream/latency_p95.h"
#include "gateway/upstream/peak_latency.h"

namespace gateway::upstream {

// A whole answer begins when it is made, a stream's long before: they are not to be compared.
struct AnswerLatency {
  PeakLatency peak;
  LatencyP95 p95;
};

struct TargetLatency {
  AnswerLatency streamed;
  AnswerLatency whole;

  AnswerLatency& of(bool stream) { return stream ? streamed : whole; }
};

// What workers share. Any thread.
class Latencies {
 public:
  using Map = std::map<std::string, TargetLatency*, std::less<>>;

  TargetLatency& make(std::string_view target);

  // Grows with every one made.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  Map all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<TargetLatency>, std::less<>> kept_;
  std::atomic<std::uint64_t> version_{0};
};

// One worker's view of them, its thread only: looking one up takes no lock unless another has been
// made since.
class LatencyView {
 public:
  explicit LatencyView(Latencies& shared) : shared_(shared) {}

  // nullptr: nobody has asked how fast it is.
  TargetLatency* find(std::string_view target);
  TargetLatency& find_or_make(std::string_view target);

 private:
  Latencies& shared_;
  std::uint64_t seen_ = 0;
  Latencies::Map known_;
};

}  // namespace gateway::upstream
