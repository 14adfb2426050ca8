#pragma once
// The upstream simulator, ready to run inside a test or a program: listens on loopback,
// answers on threads of its own until it is destroyed.
//
//   Simulator upstream;                         // port zero, one thread
//   provider.base_url = upstream.url("/openrouter/api/v1");
//   upstream.state().give({.dialect = "openrouter", .faults = {"429"}});
//   … upstream.state().log.entries() …

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/upstream_simulator/state.h"

namespace simulator {

struct Options {
  std::uint16_t port = 0;
  int threads = 1;
  std::chrono::milliseconds pace{0};  // between the events of a stream
  // Eight hexadecimal digits in every id, so that none repeats what an earlier run gave out.
  // Empty: ids count up from 1 in every run.
  std::string run;
  std::string certificate_file;  // PEM; empty: no TLS
  std::string key_file;
  bool tls_stalls = false;  // accepts the connection, never shakes hands
};

class Simulator {
 public:
  // Throws when it cannot listen or read the certificate.
  explicit Simulator(Options options = {});
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  std::uint16_t port() const;
  std::string url(std::string_view path = "") const;  // "http://127.0.0.1:PORT" + path

  // Orders, keys and the log; thread-safe.
  State& state();

  // Accepts no more and ends every connection. Called by the destructor.
  void stop();

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace simulator
