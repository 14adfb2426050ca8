#pragma once
// A small HTTP proxy on loopback that knows CONNECT and nothing else: relays to whatever port
// of this machine is asked for, whoever the host is said to be, or refuses. Runs on a thread
// of its own from construction to destruction; its functions may be called from any thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace test {

class ConnectProxy {
 public:
  ConnectProxy();
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  std::uint16_t port() const;

  // What it was asked, one whole head after the other.
  std::vector<std::string> asked() const;

  // Every further CONNECT is answered with these bytes, and the connection closed; empty: a
  // tunnel as usual.
  void answer_with(std::string bytes);
  // Every further CONNECT waits for ever.
  void say_nothing();

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace test
