#pragma once
// How soon targets begin their answers, by their configured names; a pattern counts as one. Kept of
// those that `order: fastest` has ever chosen among or `hedge: p95` has ever waited for, whichever
// route asks them; of others nothing is measured. They live as long as the process, so that a
// reload finds them.

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
  PeakLatency peak;  // for order
  LatencyP95 p95;    // for hedge
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

  // nullptr: it is not measured.
  TargetLatency* find(std::string_view target);
  TargetLatency& find_or_make(std::string_view target);

 private:
  Latencies& shared_;
  std::uint64_t seen_ = 0;
  Latencies::Map known_;
};

}  // namespace gateway::upstream
