#pragma once
// From a request to the script of its answer: finds the dialect, chooses the faults, asks
// the dialect, bends what it says, frames it, and writes it all down. Thread-safe.

#include <chrono>
#include <memory>
#include <vector>

#include "tests/support/upstream_simulator/dialect.h"
#include "tests/support/upstream_simulator/received.h"
#include "tests/support/upstream_simulator/script.h"

namespace simulator {

// "/openrouter+slow-20ms/api/v1/models?x=1", taken apart. Views into the target.
struct Target {
  std::string_view dialect;
  std::vector<std::string_view> faults;
  std::string_view path;  // "/api/v1/models"
  std::string_view query;
};
Target split_target(std::string_view target);

struct Played {
  std::shared_ptr<const Script> script;
  std::uint64_t number = 0;  // in the log; 0: not logged
};

class Handler {
 public:
  explicit Handler(State& state, std::chrono::milliseconds pace = {}, std::string run = {});

  Played play(Received request, bool keep_alive, bool http10);

  // Faults that must be known before the body is read.
  Faults early(std::string_view target) const;

 private:
  const Dialect* find(std::string_view name) const;
  Reply answer(const Dialect& dialect, Exchange& exchange) const;

  State& state_;
  const std::chrono::milliseconds pace_;
  const std::string run_;
  std::vector<std::unique_ptr<Dialect>> dialects_;
};

}  // namespace simulator
