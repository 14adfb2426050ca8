#pragma once
// Makes the n-th read, write or connect of this thread's sockets fail. Linking it puts recv,
// recvmsg, send, sendmsg and connect of the whole program before the C library's, so that
// every point where our code touches the network can fail, in Asio and OpenSSL too. Threads
// that armed nothing notice nothing.

#include <cstdint>

namespace test {

enum class IoFault : std::uint8_t {
  reset,  // ECONNRESET; of a write EPIPE
  end,    // a read finds the end; anything else as with reset
};

// One at a time per thread; lives on that thread.
class FailingIo {
 public:
  // The nth operation from now on, counted from 1.
  FailingIo(int nth, IoFault fault);
  ~FailingIo();
  FailingIo(const FailingIo&) = delete;
  FailingIo& operator=(const FailingIo&) = delete;

  bool struck() const { return countdown_ == 0; }

  // For the C functions: whether this operation is the one.
  bool strikes();
  IoFault fault() const { return fault_; }

 private:
  int countdown_;
  const IoFault fault_;
};

}  // namespace test
