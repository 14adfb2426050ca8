#pragma once
// A client's end of TLS between two queues of bytes, for clients that keep the socket to
// themselves: feed() what came, send what to_send() gives. One thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace test {

class TlsClient {
 public:
  // Trusts whom `ca_file` names; the server must be 127.0.0.1.
  explicit TlsClient(const std::string& ca_file);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // One step; call again after feeding it. Throws where the server is not trusted.
  bool shaken();

  void feed(std::string_view from_socket);
  void write(std::string_view plain);
  void say_goodbye();
  // What must go out now; the next call gives nothing of it again.
  std::string to_send();
  // What has been decrypted, appended; false: the server has ended, in order or not.
  bool read(std::string& plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace test
