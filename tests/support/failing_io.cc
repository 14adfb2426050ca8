#include "tests/support/failing_io.h"

#include <cerrno>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace test {
namespace {

thread_local FailingIo* armed = nullptr;

bool strikes_here() {
  return armed != nullptr && armed->strikes();
}

// What a read that fails comes to.
ssize_t failed_read() {
  if (armed->fault() == IoFault::end) return 0;
  errno = ECONNRESET;
  return -1;
}

ssize_t failed_write() {
  errno = EPIPE;
  return -1;
}

}  // namespace

FailingIo::FailingIo(int nth, IoFault fault) : countdown_(nth), fault_(fault) {
  armed = this;
}

FailingIo::~FailingIo() {
  armed = nullptr;
}

bool FailingIo::strikes() {
  return countdown_ > 0 && --countdown_ == 0;
}

}  // namespace test

// The C library's own are wrappers of these calls.
extern "C" {

ssize_t recv(int socket, void* into, size_t size, int flags) {
  if ((flags & MSG_PEEK) == 0 && test::strikes_here()) return test::failed_read();
  return ::syscall(SYS_recvfrom, socket, into, size, flags, nullptr, nullptr);
}

ssize_t recvmsg(int socket, msghdr* message, int flags) {
  if (test::strikes_here()) return test::failed_read();
  return ::syscall(SYS_recvmsg, socket, message, flags);
}

ssize_t send(int socket, const void* bytes, size_t size, int flags) {
  if (test::strikes_here()) return test::failed_write();
  return ::syscall(SYS_sendto, socket, bytes, size, flags, nullptr, 0);
}

ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  if (test::strikes_here()) return test::failed_write();
  return ::syscall(SYS_sendmsg, socket, message, flags);
}

int connect(int socket, const sockaddr* address, socklen_t size) {
  if (test::strikes_here()) {
    errno = ECONNREFUSED;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_connect, socket, address, size));
}
}
