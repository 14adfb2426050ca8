#pragma once
// A blocking HTTP/1.1 client on Beast for tests: to loopback, over TLS where the
// port is known to speak it (tls_ports.h), every call with a deadline. What does not come in time,
// or is no HTTP, throws. One thread; one connection, kept and reused until the server closes it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  unsigned status = 0;
  HeaderFields headers;
  std::string body;

  // First value of a field, any case; empty when absent.
  std::string header(std::string_view name) const;
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port,
                      std::chrono::milliseconds deadline = std::chrono::seconds(10));
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  HttpAnswer get(std::string_view target, const HeaderFields& headers = {});
  HttpAnswer post(std::string_view target, std::string_view body, const HeaderFields& headers = {});
  HttpAnswer request(std::string_view method, std::string_view target, std::string_view body,
                     const HeaderFields& headers);

  // The same in parts, for streams: send, read the head, then the body as it arrives.
  void send(std::string_view method, std::string_view target, std::string_view body,
            const HeaderFields& headers);
  HttpAnswer read_head();
  // The next bytes of the body; nullopt at its end. Throws when it is cut short.
  std::optional<std::string> read_some();
  // The next event's text without its empty line ("data: …" or ": …"); nullopt at the end.
  // Understands LF line ends only: what a gateway of ours writes.
  std::optional<std::string> read_event();
  // Everything that is left of the body.
  std::string read_rest();

  void close();  // FIN
  void reset();  // RST
  bool is_open() const;

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace test
