#pragma once
// What the connections of one listener on one worker share: the table they serve, the
// limits they keep, and whom they tell. Owned by the Worker, used on its thread, outlives
// its connections.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/deadlines.h"
#include "gateway/http/date.h"
#include "gateway/http/endpoints.h"
#include "gateway/http/handshakes.h"
#include "gateway/http/request_ids.h"
#include "gateway/http/room.h"
#include "gateway/task_group.h"
#include "gateway/tls/server.h"

namespace gateway::http {

// Open connections of the whole process, shared by the workers.
class ConnectionCount {
 public:
  static constexpr std::size_t kMostTurnedAway = 64;

  explicit ConnectionCount(std::size_t most) : most_(most) {}

  // False: there are as many as allowed.
  bool enter() {
    if (open_.fetch_add(1, std::memory_order_relaxed) < most_.load(std::memory_order_relaxed)) {
      return true;
    }
    leave();
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  void leave() { open_.fetch_sub(1, std::memory_order_relaxed); }
  // Those that are told that we are full must not themselves fill us up. False: too many are.
  bool turn_away() {
    if (turned_away_.fetch_add(1, std::memory_order_relaxed) < kMostTurnedAway) return true;
    turned_away();
    return false;
  }
  void turned_away() { turned_away_.fetch_sub(1, std::memory_order_relaxed); }
  // What is open beyond that stays.
  void allow(std::size_t most) { most_.store(most, std::memory_order_relaxed); }
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }
  // How often there was no room.
  std::uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

  // Entered, where there was room, for as long as it lives.
  class Place {
   public:
    explicit Place(ConnectionCount& count) : count_(count.enter() ? &count : nullptr) {}
    ~Place() {
      if (count_ != nullptr) count_->leave();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    explicit operator bool() const { return count_ != nullptr; }

   private:
    ConnectionCount* const count_;
  };

 private:
  std::atomic<std::size_t> most_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> turned_away_{0};
  std::atomic<std::uint64_t> refusals_{0};
};

// What a door that speaks TLS has beside a plain one.
struct TlsDoor {
  std::shared_ptr<const tls::Server> server;  // replaced when the certificate is
  std::chrono::milliseconds time_limit;
  ConnectionCount& under_way;  // handshakes of the process
  HandshakeTurns turns;
  std::function<void(Handshake)> on_handshake{};
};

// A request the door itself answered with an error: no handler saw it.
struct Refusal {
  std::string_view request_id;
  std::string_view path;  // empty where the head was not understood; escape it in logs
  const config::Error& error;
};

struct Door {
  const Endpoints& endpoints;
  config::Server limits;
  Deadlines& deadlines;
  const config::Clock& clock;
  TaskGroup& tasks;  // every open connection is one
  ConnectionCount& count;
  Room* room = nullptr;  // of all requests of the process; nullptr: each connection's limits do
  Date date{clock};
  RequestIds ids{};
  std::function<void(const Refusal&)> on_refusal{};
  // A connection is served from now on (true), or has ended.
  std::function<void(bool)> on_connection{};
  // An exception left a handler: a bug, answered 500 where nothing was written yet.
  std::function<void(std::string_view request_id, std::string_view what)> on_exception{};
  // nullptr: a plain door.
  std::unique_ptr<TlsDoor> tls{};
  // How errors look at this door; nullptr: as OpenAI's.
  std::string (*error_json)(const config::Error& error, std::string_view request_id) = nullptr;
};

}  // namespace gateway::http
