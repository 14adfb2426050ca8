#include "tests/bench/wire/channel.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <openssl/err.h>

namespace bench {
namespace {

constexpr int kBacklog = 16 * 1024;

[[noreturn]] void complain(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void without_delay(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

SSL* session(int descriptor, const TlsContext* tls) {
  if (tls == nullptr) return nullptr;
  SSL* ssl = SSL_new(tls->get());
  if (ssl == nullptr || SSL_set_fd(ssl, descriptor) != 1)
    throw std::runtime_error("no TLS session");
  return ssl;
}

SSL_CTX* context_for(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) throw std::runtime_error("no TLS context");
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

TlsContext TlsContext::server(const std::string& certificate, const std::string& key) {
  TlsContext made(context_for(TLS_server_method()));
  if (SSL_CTX_use_certificate_chain_file(made.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(made.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("cannot use " + certificate + " with " + key);
  return made;
}

TlsContext TlsContext::client(const std::string& authority) {
  TlsContext made(context_for(TLS_client_method()));
  if (SSL_CTX_load_verify_locations(made.get(), authority.c_str(), nullptr) != 1)
    throw std::runtime_error("cannot use " + authority);
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  return made;
}

Channel Channel::accepted(int descriptor, const TlsContext* tls) {
  without_delay(descriptor);
  Channel made(descriptor, nullptr);
  made.ssl_ = session(descriptor, tls);
  if (made.ssl_ != nullptr) SSL_set_accept_state(made.ssl_);
  return made;
}

Channel Channel::connecting(int port, const TlsContext* tls) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) complain("socket");
  Channel made(descriptor, nullptr);
  without_delay(descriptor);
  const auto address = loopback(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    complain("connect");
  made.ssl_ = session(descriptor, tls);
  if (made.ssl_ != nullptr) SSL_set_connect_state(made.ssl_);
  return made;
}

Channel::Channel(Channel&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    ssl_ = std::exchange(other.ssl_, nullptr);
  }
  return *this;
}

Channel::~Channel() {
  close();
}

void Channel::close() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

Channel::Opening Channel::open() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
    return Opening::failed;
  sockaddr_in peer{};
  socklen_t peer_size = sizeof peer;
  if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0)
    return errno == ENOTCONN ? Opening::waits : Opening::failed;
  if (ssl_ == nullptr) return Opening::done;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return Opening::done;
  return judged(result).closed ? Opening::failed : Opening::waits;
}

Channel::Moved Channel::read(std::span<char> into) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return judged(SSL_read(ssl_, into.data(), static_cast<int>(into.size())));
  }
  const auto got = ::recv(descriptor_, into.data(), into.size(), 0);
  if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
  return {.closed = got == 0 || errno != EAGAIN};
}

Channel::Moved Channel::write(std::span<const iovec> pieces) {
  if (ssl_ != nullptr) {
    for (const auto& piece : pieces) {
      if (piece.iov_len > 0)
        return write({static_cast<const char*>(piece.iov_base), piece.iov_len});
    }
    return {};
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg() only reads it
  message.msg_iovlen = pieces.size();
  const auto sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  if (sent >= 0) return {.bytes = static_cast<std::size_t>(sent)};
  return {.closed = errno != EAGAIN};
}

Channel::Moved Channel::write(std::string_view bytes) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return judged(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())));
  }
  const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return {.bytes = static_cast<std::size_t>(sent)};
  return {.closed = errno != EAGAIN};
}

Channel::Moved Channel::judged(int result) {
  if (result > 0) return {.bytes = static_cast<std::size_t>(result)};
  const int why = SSL_get_error(ssl_, result);
  return {.closed = why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE};
}

int listen_on(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) complain("socket");
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = loopback(port);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    complain("bind");
  if (::listen(descriptor, kBacklog) != 0) complain("listen");
  return descriptor;
}

int port_of(int listening) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    complain("getsockname");
  return ntohs(address.sin_port);
}

int accept_from(int listening) {
  return ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace bench
