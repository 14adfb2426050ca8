#pragma once
// A blocking HTTP client that sends any bytes one likes and reads answers with Beast's
// parser, so that two implementations face each other, over TLS where the port is known to
// speak it (tls_ports.h). Every wait has a deadline. One
// connection, one thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/tls_client.h"

namespace test {

inline constexpr std::chrono::milliseconds kSoon{5'000};

struct Answer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // chunks joined
  bool chunked = false;
  bool whole = false;  // false: the connection ended, or the deadline came, in the middle

  // The first field of that name, in any case; empty where there is none.
  std::string find(std::string_view name) const;
  bool has(std::string_view name) const;
};

class RawClient {
 public:
  // `begun`: of TLS only the first bytes are sent, because nobody answers yet; shake_hands()
  // does the rest.
  enum class Handshake : std::uint8_t { done, begun };
  explicit RawClient(std::uint16_t port, Handshake handshake = Handshake::done);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Nothing where it is plain.
  void shake_hands();

  // False: the server has closed, or takes no more within the deadline.
  bool send(std::string_view bytes, std::chrono::milliseconds within = kSoon);

  // The next answer, 1xx ones included. Nothing: none began, or it is no HTTP. `to_head`:
  // it answers a HEAD and has no body.
  std::optional<Answer> receive(std::chrono::milliseconds within = kSoon, bool to_head = false);

  // Every whole answer until the server closes or the deadline comes.
  std::vector<Answer> receive_all(std::chrono::milliseconds within = kSoon);

  // Bytes as they come, up to `size` or the end.
  std::string receive_raw(std::size_t size, std::chrono::milliseconds within = kSoon);

  // Whether the server ends the connection within the deadline; what it still says is dropped.
  bool closed(std::chrono::milliseconds within = kSoon);
  // Whether the connection is still open and silent.
  bool quiet_for(std::chrono::milliseconds time);

  void shutdown_send();
  // Closes with a reset.
  void reset();
  // Keeps the kernel from taking much for us: a slow reader. Before the first byte arrives.
  void shrink_receive_buffer(int bytes);

  int native_handle() const { return socket_; }

  // Whether it speaks TLS: the port does.
  bool secure() const { return tls_ != nullptr; }

 private:
  using Until = std::chrono::steady_clock::time_point;
  enum class Read : std::uint8_t { data, ended, late };
  Read read_more(Until until);
  bool step_of_handshake(Until until);
  bool send_raw(std::string_view bytes, Until until);
  Read receive_some(std::string& into, Until until);

  int socket_ = -1;
  std::unique_ptr<TlsClient> tls_;
  std::string unread_;
  bool ended_ = false;
};

// Sends `bytes` over a connection of its own and returns what came back.
std::vector<Answer> exchange(std::uint16_t port, std::string_view bytes,
                             std::chrono::milliseconds within = kSoon);

}  // namespace test
