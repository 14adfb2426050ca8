#pragma once
// One end of a TCP connection that never waits, plain or TLS. One thread. A server's
// TLS shakes hands with the first read.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include <openssl/ssl.h>

namespace bench {

// A context for the servers or the clients of one program.
class TlsContext {
 public:
  // Throws where the files cannot be used.
  static TlsContext server(const std::string& certificate, const std::string& key);
  static TlsContext client(const std::string& authority);
  SSL_CTX* get() const { return context_.get(); }

 private:
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

class Channel {
 public:
  // Takes the descriptor over. `tls`: null for plain; it outlives the channel.
  static Channel accepted(int descriptor, const TlsContext* tls);
  // To 127.0.0.1; writable when it is there. Throws where there is no descriptor.
  static Channel connecting(int port, const TlsContext* tls);

  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  ~Channel();

  int descriptor() const { return descriptor_; }

  // Goes on with connecting, TLS included; to be asked again when the descriptor is ready.
  enum class Opening { done, waits, failed };
  Opening open();

  struct Moved {
    std::size_t bytes = 0;
    bool closed = false;  // by the other side, or by an error
    bool would_wait() const { return bytes == 0 && !closed; }
  };
  Moved read(std::span<char> into);
  // What there is of `pieces` in one call; TLS takes the first that is not empty.
  Moved write(std::span<const iovec> pieces);
  Moved write(std::string_view bytes);
  bool is_tls() const { return ssl_ != nullptr; }

 private:
  Channel(int descriptor, SSL* ssl) : descriptor_(descriptor), ssl_(ssl) {}
  Moved judged(int result);
  void close();

  int descriptor_;
  SSL* ssl_;
};

// A listening socket on 127.0.0.1; port 0 takes a free one. Throws.
int listen_on(int port);
int port_of(int listening);
// The next connection that waits; -1: there is none.
int accept_from(int listening);

}  // namespace bench
