#pragma once
// What the requests of all connections may take together: places, and bytes of bodies. A bound of
// the whole process has to be counted over the whole process, so each is one atomic word that the
// workers share; a body that came with its head takes none of the second. Owned by App, outlives
// every connection. Any thread.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "config/config.h"

namespace gateway::http {

// So much and no more, first come, first served.
class alignas(64) Bound {
 public:
  explicit Bound(std::size_t most) : most_(most) {}
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

  // All of it or, false, nothing.
  bool take(std::size_t amount);
  void give_back(std::size_t amount) { taken_.fetch_sub(amount, std::memory_order_relaxed); }
  // What is taken beyond that stays.
  void allow(std::size_t most) { most_.store(most, std::memory_order_relaxed); }

  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }
  // How often there was no room.
  std::uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

  // What one holder has of it, given back at its end. One thread.
  class Part {
   public:
    // nullptr: there is no bound.
    explicit Part(Bound* bound) : bound_(bound) {}
    ~Part() { give_back(); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    // False: there is no room, and what it had it has.
    bool grow_to(std::size_t amount);
    void give_back();

   private:
    Bound* const bound_;
    std::size_t amount_ = 0;
  };

 private:
  std::atomic<std::size_t> most_;
  std::atomic<std::size_t> taken_{0};
  std::atomic<std::uint64_t> refusals_{0};
};

struct Room {
  explicit Room(const config::Server& limits);
  void allow(const config::Server& limits);

  Bound requests;    // max_requests_in_flight
  Bound body_bytes;  // max_buffered_bytes
};

}  // namespace gateway::http
