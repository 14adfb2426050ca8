#pragma once
// The breakers of all targets that ever failed, or were so slow that another was asked beside them,
// by what they ask: "provider/upstream-model". They live as long as the process, so that a reload
// finds them. Others have none.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "gateway/upstream/circuit_breaker.h"

namespace gateway::upstream {

// What workers share. Any thread.
class CircuitBreakers {
 public:
  using Map = std::map<std::string, CircuitBreaker*, std::less<>>;

  // `target`: the configured one it counts for, which may be a pattern. nullptr: there are so many
  // that this one is not watched; what patterns stand for, clients choose.
  CircuitBreaker* make(std::string_view name, std::string_view target);

  // Grows with every breaker made.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  Map all() const;

  // Every breaker with its name and its configured target's.
  using See = std::function<void(const std::string& name, const std::string& target,
                                 CircuitBreaker& breaker)>;
  void for_each(const See& see) const;

 private:
  struct Kept {
    std::string target;
    CircuitBreaker breaker;
  };

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Kept>, std::less<>> kept_;
  std::atomic<std::uint64_t> version_{0};
};

// One worker's view of them, its thread only: looking one up takes no lock unless another has been
// made since.
class BreakerView {
 public:
  explicit BreakerView(CircuitBreakers& shared) : shared_(shared) {}

  // nullptr: it never failed, nor was it too slow.
  CircuitBreaker* find(std::string_view name);
  CircuitBreaker* make(std::string_view name, std::string_view target) {
    return shared_.make(name, target);
  }

 private:
  CircuitBreakers& shared_;
  std::uint64_t seen_ = 0;
  CircuitBreakers::Map known_;
};

}  // namespace gateway::upstream
