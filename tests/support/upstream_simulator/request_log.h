#pragma once
// What arrived and how it was answered, newest last, within bounds: the oldest entries
// are dropped. Thread-safe.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/received.h"
#include "tests/support/upstream_simulator/reply.h"

namespace simulator {

enum class Ended : std::uint8_t {
  not_yet,
  complete,
  broken,       // by a fault that was asked for
  client_left,  // before the answer was out
};

struct LogEntry {
  std::uint64_t number = 0;  // from 1, one per request
  Received request;
  std::string dialect;
  std::string model;  // without its faults
  std::vector<std::string> faults;
  unsigned status = 0;
  bool streamed = false;
  Accounting accounting;
  Ended ended = Ended::not_yet;
  std::uint64_t bytes_sent = 0;
};

js::object to_json(const LogEntry& entry);

class RequestLog {
 public:
  struct Totals {
    std::uint64_t connections = 0;  // ever accepted
    std::uint64_t open_connections = 0;
    std::uint64_t requests = 0;
    std::uint64_t prompt_tokens = 0;  // answered
    std::uint64_t completion_tokens = 0;
    std::uint64_t pico_usd = 0;
    std::uint64_t clients_left = 0;
  };

  explicit RequestLog(std::size_t max_entries = 10'000, std::size_t max_body_bytes = 64U << 20U)
      : max_entries_(max_entries), max_body_bytes_(max_body_bytes) {}

  std::uint64_t connection_opened();  // its number, from 1
  void connection_closed();

  void add(LogEntry entry);
  // Gives the entry its answer's facts; without effect when the entry was dropped.
  void answered(std::uint64_t number, const Reply& reply);
  void ended(std::uint64_t number, Ended how, std::uint64_t bytes_sent);

  std::vector<LogEntry> entries(std::uint64_t after = 0) const;
  Totals totals() const;
  void clear();

  // True when `ready` holds for the entries before the deadline; re-checked on every change.
  bool wait(const std::function<bool(const std::deque<LogEntry>&)>& ready,
            std::chrono::steady_clock::time_point deadline) const;

 private:
  LogEntry* find(std::uint64_t number);

  const std::size_t max_entries_;
  const std::size_t max_body_bytes_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<LogEntry> entries_;
  std::size_t body_bytes_ = 0;
  Totals totals_;
};

}  // namespace simulator
