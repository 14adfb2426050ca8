#pragma once
// The numbers of one series in one worker's shard: written by that worker only, read
// by a scrape at any time. One writer, so an addition is a load and a store, never a
// locked instruction; relaxed, because no number guards another.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gateway::metrics {

class Count {
 public:
  void add(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Level {
 public:
  void up() { value_.store(read() + 1, std::memory_order_relaxed); }
  void down() { value_.store(read() - 1, std::memory_order_relaxed); }
  std::int64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Durations in microseconds, counted by the first bound that is not below them.
template <const auto& kBounds>
class Durations {
 public:
  static constexpr std::size_t kBuckets = kBounds.size() + 1;  // the last: above every bound

  void add(std::chrono::microseconds duration) {
    const std::int64_t micros = duration.count() > 0 ? duration.count() : 0;
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && micros > kBounds[bucket].count()) ++bucket;
    buckets_[bucket].add(1);
    sum_.add(static_cast<std::uint64_t>(micros));
  }

  // Adds what stands here to a sum over shards.
  void add_to(std::array<std::uint64_t, kBuckets>& buckets, std::uint64_t& micros) const {
    for (std::size_t i = 0; i < kBuckets; ++i) buckets[i] += buckets_[i].read();
    micros += sum_.read();
  }

 private:
  std::array<Count, kBuckets> buckets_;
  Count sum_;
};

}  // namespace gateway::metrics
