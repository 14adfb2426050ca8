#pragma once
// A relay between the gateway and an upstream that breaks connections on purpose; its
// faults are in the table of README.md. Runs on a thread of its own from construction to
// destruction; its functions may be called from any thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace test {

struct ChaosPlan {
  enum class Fault : std::uint8_t { none, slice, delay, stall, corrupt, reset, cut };
  enum class Way : std::uint8_t { up, down };  // to the upstream, back to the gateway

  Fault fault = Fault::none;
  Way way = Way::down;
  std::size_t at = 0;                  // byte of that way's stream
  std::size_t piece = 1;               // slice
  std::chrono::milliseconds pause{2};  // delay

  // Any fault, striking among the first `most` bytes.
  static ChaosPlan random(std::mt19937& generator, std::size_t most);
};

// "reset down at 312", for a failing test's message.
std::string to_string(const ChaosPlan& plan);

class ChaosGate {
 public:
  // To an upstream on this machine.
  explicit ChaosGate(std::uint16_t upstream);
  ~ChaosGate();
  ChaosGate(const ChaosGate&) = delete;
  ChaosGate& operator=(const ChaosGate&) = delete;

  std::uint16_t port() const;

  // For connections accepted from now on. What is open and idle is ended first, so that
  // the next request comes over a new one.
  void plan(const ChaosPlan& next);

  // Connections whose fault has struck.
  std::size_t struck() const;

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace test
