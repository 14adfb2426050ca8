#pragma once
// The upstream of a measurement: answers every request with the same bytes, or with a paced
// stream of them, and does as little else as it can, so that it is never what is measured. One
// thread. Its counts tell afterwards what really arrived.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/mock_upstream/answers.h"
#include "tests/bench/wire/channel.h"
#include "tests/bench/wire/clock.h"
#include "tests/bench/wire/message_reader.h"
#include "tests/bench/wire/poller.h"

namespace bench {

struct Pace {
  std::size_t contents = 1;  // pieces of content in all; the first goes out with the head
  Nanoseconds interval = 0;  // from one piece to the next
};

struct MockSettings {
  std::size_t answer_bytes = 1024;
  std::optional<Pace> stream;  // every answer is a stream
  // Where given, there is a second door that speaks TLS.
  const TlsContext* tls = nullptr;
};

struct MockCounts {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t contents = 0;      // of streams, sent
  std::uint64_t malformed = 0;     // connections that said what is not HTTP
  std::uint64_t waited = 0;        // writes that the other side did not take at once
  Nanoseconds latest_content = 0;  // how late the latest piece was
};

class MockServer {
 public:
  explicit MockServer(const MockSettings& settings);
  ~MockServer();
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  int port() const { return port_of(plain_); }
  int tls_port() const { return port_of(tls_); }

  // Until the process is asked to stop.
  void run();
  const MockCounts& counts() const { return counts_; }

 private:
  struct Connection {
    Connection(Channel opened, std::uint64_t number) : channel(std::move(opened)), serial(number) {}
    Channel channel;
    const std::uint64_t serial;
    MessageReader reader{MessageReader::Of::requests};
    std::string unsent;     // what the other side has not taken yet
    std::string beginning;  // of the request's body
    ModelDigits model{};
    std::size_t contents_left = 0;
  };
  struct Due {
    Nanoseconds when;
    int descriptor;
    std::uint64_t serial;  // of the connection meant; the descriptor may be another's by then
    bool operator>(const Due& other) const { return when > other.when; }
  };

  void ready(std::uint64_t token);
  void accept_all(int listening, const TlsContext* tls);
  void converse(Connection& connection);
  bool read_requests(Connection& connection);
  void answer(Connection& connection);
  void send_due_contents();
  void next_content(Connection& connection, Nanoseconds due);
  void send(Connection& connection, std::string_view bytes);
  bool flush(Connection& connection);
  void close(int descriptor);

  const MockSettings settings_;
  Answer whole_;
  StreamParts stream_;
  Poller poller_;
  int plain_;
  int tls_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t serial_ = 0;
  MockCounts counts_;
  std::vector<char> scratch_;
};

}  // namespace bench
