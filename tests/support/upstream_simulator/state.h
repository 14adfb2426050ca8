#pragma once
// What every connection of one simulator shares: orders given by /_control, counters that
// "429-then-ok" needs, keys, the log, and what OpenRouter remembers of its generations.
// Thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/request_log.h"
#include "tests/support/upstream_simulator/script.h"

namespace simulator {

// "The next `times` requests to this dialect (or for this model) go wrong like this."
struct Order {
  std::string dialect = "*";
  std::string model = "*";  // without faults
  std::int64_t times = 1;   // below zero: until reset
  std::vector<std::string> faults;
  std::shared_ptr<const Script> script;  // instead of an answer
};

struct Choice {
  Faults faults;
  std::shared_ptr<const Script> script;
  std::string unknown;  // a fault name the table lacks; empty: none
};

class State {
 public:
  // Deterministic: 1, 2, 3 …
  std::uint64_t next_number();

  void give(Order order);
  void store_script(std::string name, Script script);
  void expect_keys(std::string dialect, std::vector<std::string> keys);
  void reset();  // orders, scripts, counters and keys; not the log

  // Faults of a request from the path, the model's name and the orders. Counts.
  Choice choose(std::string_view dialect, const std::vector<std::string_view>& path_faults,
                std::string_view model);
  // What a request's body is not needed for: path and orders, without counting.
  Faults choose_early(std::string_view dialect, const std::vector<std::string_view>& path_faults);

  // Without expected keys every key is right that is not empty and holds neither "wrong"
  // nor "expired".
  bool key_is_right(std::string_view dialect, std::string_view key) const;

  void remember_generation(const std::string& id, js::object facts);
  std::optional<js::object> generation(const std::string& id) const;
  void remember_reasoning(const std::string& call_id, std::string details);
  std::optional<std::string> reasoning(const std::string& call_id) const;

  RequestLog log;

 private:
  std::string counted(std::string_view fault, const std::string& counter);

  mutable std::mutex mutex_;
  std::uint64_t number_ = 0;
  std::vector<Order> orders_;
  std::map<std::string, std::shared_ptr<const Script>, std::less<>> scripts_;
  std::map<std::string, std::uint64_t> counters_;
  std::map<std::string, std::vector<std::string>, std::less<>> keys_;
  std::map<std::string, js::object> generations_;
  std::map<std::string, std::string> reasoning_;
};

}  // namespace simulator
