#include "gateway/handover.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "gateway/log.h"

namespace gateway {
namespace {

using config::Result;

// One message: a letter, and with it the descriptors it tells of.
constexpr char kClients = 'c';
constexpr char kAdmin = 'a';
constexpr char kThatIsAll = 'e';
constexpr char kServing = 's';
constexpr std::size_t kAtATime = 64;
constexpr std::size_t kMostClients = 1024;
// The older one answers at once, or not at all.
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

std::string socket_of(const std::string& database) {
  return database + ".handover";
}

config::Error failed(std::string_view what, const std::string& path) {
  return config::failure(
      config::ErrorCode::internal,
      fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(errno)));
}

// nullopt: the path is too long for a socket.
std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

int make_socket() {
  return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

bool connect(int socket, const sockaddr_un& address) {
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// What listens for a user is given to the same user alone.
bool is_ours(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid();
}

bool send(int socket, char letter, std::span<const int> descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kAtATime * sizeof(int))> control{};
  iovec text{.iov_base = &letter, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

// The letter, with the descriptors that came added to `out`; 0: no more is coming.
char receive(int socket, std::vector<int>& out) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kAtATime * sizeof(int))> control{};
  char letter = 0;
  iovec text{.iov_base = &letter, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    const std::size_t before = out.size();
    out.resize(before + count);
    std::memcpy(out.data() + before, CMSG_DATA(header), count * sizeof(int));
  }
  return letter;
}

bool send_all(int socket, const Handover::Descriptors& descriptors) {
  std::span<const int> clients = descriptors.clients;
  while (!clients.empty()) {
    const auto some = clients.first(std::min(clients.size(), kAtATime));
    if (!send(socket, kClients, some)) return false;
    clients = clients.subspan(some.size());
  }
  return send(socket, kAdmin, std::span(&descriptors.admin, 1)) && send(socket, kThatIsAll, {});
}

}  // namespace

Result<std::optional<Predecessor>> Predecessor::find(const std::string& database) {
  const std::string path = socket_of(database);
  const auto address = address_of(path);
  if (!address) return std::optional<Predecessor>();
  Predecessor found(make_socket());
  if (found.connection_ < 0) return failed("make a socket for", path);
  const int socket = found.connection_;
  if (!connect(socket, *address)) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<Predecessor>();
    return failed("reach the gateway that runs by", path);
  }
  if (!is_ours(socket)) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("the gateway behind {} is another user's", path));
  }
  (void)::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  for (char letter = 0; letter != kThatIsAll;) {
    std::vector<int> descriptors;
    letter = receive(socket, descriptors);
    for (const int descriptor : descriptors) {
      auto taken = http::ListeningSocket::adopt(descriptor);
      if (!taken) return std::move(taken).error();
      if (letter == kAdmin) {
        found.doors_.admin = *std::move(taken);
      } else {
        found.doors_.clients.push_back(*std::move(taken));
      }
    }
    const bool understood = letter == kClients || letter == kAdmin || letter == kThatIsAll;
    if (!understood || found.doors_.clients.size() > kMostClients) {
      return config::failure(
          config::ErrorCode::internal,
          fmt::format("the gateway behind {} does not hand over what it listens on: it may be "
                      "about to end, or another one is taking its place",
                      path));
    }
  }
  return std::optional(std::move(found));
}

Predecessor::Predecessor(Predecessor&& other) noexcept
    : connection_(std::exchange(other.connection_, -1)), doors_(std::move(other.doors_)) {}

Predecessor::~Predecessor() {
  if (connection_ >= 0) ::close(connection_);
}

void Predecessor::serving() {
  if (!send(connection_, kServing, {})) {
    log::warn("the gateway before this one was not told that it may end", {});
  }
}

Handover::Handover(net::io_context& control, const std::string& database, Descriptors descriptors,
                   std::function<void()> taken_over)
    : path_(socket_of(database)),
      descriptors_(std::move(descriptors)),
      taken_over_(std::move(taken_over)),
      listening_(control),
      successor_(control) {}

Handover::~Handover() {
  close();
}

Result<void> Handover::open(bool after) {
  const auto there = address_of(path_);
  // Moved into place, so that there is always one to be found.
  const std::string beside = path_ + ".new";
  const auto here = address_of(beside);
  if (!there || !here) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("the path {} is too long for a socket", path_));
  }
  if (!after) {
    const int probe = make_socket();
    const bool taken = probe >= 0 && connect(probe, *there);
    if (probe >= 0) ::close(probe);
    if (taken) {
      return config::failure(config::ErrorCode::internal,
                             fmt::format("another gateway is behind {}", path_));
    }
  }
  const int socket = make_socket();
  if (socket < 0) return failed("make a socket for", path_);
  listening_.assign(socket);
  listening_.non_blocking(true);
  ::unlink(beside.c_str());
  struct stat status{};
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&*here), sizeof *here) == 0;
  ::umask(before);
  if (!bound || ::listen(socket, 1) != 0 || ::stat(beside.c_str(), &status) != 0 ||
      ::rename(beside.c_str(), path_.c_str()) != 0) {
    config::Error error = failed("listen at", path_);
    close();
    return error;
  }
  inode_ = status.st_ino;
  await_successor();
  return {};
}

void Handover::close() {
  error_code ignored;
  listening_.close(ignored);
  successor_.close(ignored);
  struct stat status{};
  const std::optional<std::uint64_t> mine = std::exchange(inode_, std::nullopt);
  if (mine && ::stat(path_.c_str(), &status) == 0 && status.st_ino == *mine) {
    ::unlink(path_.c_str());
  }
}

void Handover::await_successor() {
  listening_.async_wait(net::posix::descriptor_base::wait_read, [this](error_code failed) {
    if (!failed) meet();
  });
}

void Handover::meet() {
  const int socket =
      ::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return await_successor();
  successor_.assign(socket);
  if (is_ours(socket) && send_all(socket, descriptors_)) {
    log::info("a newer gateway has what this one listens on", {});
    return await_word();
  }
  successor_.close();
  await_successor();
}

// One at a time: until this one serves or has gone, nobody else is met.
void Handover::await_word() {
  successor_.async_wait(net::posix::descriptor_base::wait_read, [this](error_code failed) {
    if (!failed) hear();
  });
}

void Handover::hear() {
  std::vector<int> none;
  const char letter = receive(successor_.native_handle(), none);
  for (const int descriptor : none) ::close(descriptor);
  error_code ignored;
  successor_.close(ignored);
  if (letter != kServing) {
    log::info("the newer gateway has gone without serving; this one goes on", {});
    return await_successor();
  }
  close();
  taken_over_();
}

}  // namespace gateway
