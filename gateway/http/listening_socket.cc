#include "gateway/http/listening_socket.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "gateway/async.h"

namespace gateway::http {
namespace {

sockaddr_storage address_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  (void)::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

bool listens(int descriptor) {
  int yes = 0;
  socklen_t size = sizeof yes;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes != 0;
}

}  // namespace

ListeningSocket ListeningSocket::bind(const config::Endpoint& where, Claim claim) {
  const auto check = [&](bool done, const char* what) {
    if (done) return;
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("cannot {} {}:{}", what, where.host, where.port));
  };
  error_code error;
  const auto address = net::ip::make_address(where.host, error);
  if (error) {
    throw std::system_error(
        std::error_code(error),
        fmt::format("cannot understand the address {}:{}", where.host, where.port));
  }
  const Tcp::endpoint endpoint(address, where.port);
  ListeningSocket out(
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  check(bool(out), "open a socket for");
  const int yes = 1;
  const auto set = [&](int option) {
    check(::setsockopt(out.descriptor_, SOL_SOCKET, option, &yes, sizeof yes) == 0, "share");
  };
  set(SO_REUSEADDR);
  if (claim == Claim::further) set(SO_REUSEPORT);
  const auto* const at = reinterpret_cast<const sockaddr*>(endpoint.data());
  check(::bind(out.descriptor_, at, static_cast<socklen_t>(endpoint.size())) == 0, "bind");
  check(::listen(out.descriptor_, SOMAXCONN) == 0, "listen on");
  // Only now, when nobody else can listen here any more.
  if (claim == Claim::first) set(SO_REUSEPORT);
  return out;
}

config::Result<ListeningSocket> ListeningSocket::adopt(int descriptor) {
  ListeningSocket out(descriptor);
  const auto family = address_of(descriptor).ss_family;
  if (!listens(descriptor) || (family != AF_INET && family != AF_INET6)) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("descriptor {} is no TCP socket that listens", descriptor));
  }
  (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  const int flags = ::fcntl(descriptor, F_GETFL);
  (void)::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  return out;
}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

config::Endpoint ListeningSocket::where() const {
  const sockaddr_storage address = address_of(descriptor_);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &address, sizeof six);
    (void)::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    return {text.data(), ntohs(six.sin6_port)};
  }
  sockaddr_in four{};
  std::memcpy(&four, &address, sizeof four);
  (void)::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  return {text.data(), ntohs(four.sin_port)};
}

bool ListeningSocket::is_v6() const {
  return address_of(descriptor_).ss_family == AF_INET6;
}

ListeningSocket ListeningSocket::duplicate() const {
  const int another = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (another < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot share a listening socket");
  }
  return ListeningSocket(another);
}

}  // namespace gateway::http
