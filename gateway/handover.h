#pragma once
// How one gateway takes another's place without a connection lost: the newer asks the older, over
// a socket beside the ledger, for the descriptors it listens on, begins to serve with them, and
// says so; from then on the older drains. Until it has said so, nothing has changed for the older.
// Closing a listening socket that nobody else has would reset who is in its queue.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/doors.h"

namespace gateway {

// The older one, as the newer sees it. Before there are threads, and until serving().
class Predecessor {
 public:
  // Gets the sockets of the gateway that has this ledger. nullopt: none runs that could be asked.
  // Errors are lines for the operator.
  static config::Result<std::optional<Predecessor>> find(const std::string& database);
  ~Predecessor();
  Predecessor(Predecessor&& other) noexcept;
  Predecessor& operator=(Predecessor&&) = delete;

  Doors& doors() { return doors_; }
  // The older one drains from now on.
  void serving();

 private:
  explicit Predecessor(int connection) : connection_(connection) {}
  int connection_;
  Doors doors_;
};

// The side of a gateway that may be followed. The control thread's.
class Handover {
 public:
  // What it listens on, as descriptors.
  struct Descriptors {
    std::vector<int> clients;
    int admin = -1;
  };

  // `taken_over` runs once, when a newer gateway serves.
  Handover(net::io_context& control, const std::string& database, Descriptors descriptors,
           std::function<void()> taken_over);
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // Can be found from now on. `after`: it has just taken the place of another, which is found
  // until now; else whoever is there already keeps it. An Error: it cannot be followed, and why.
  config::Result<void> open(bool after);
  // Hands nothing over any more.
  void close();

 private:
  using Descriptor = net::posix::basic_stream_descriptor<Executor>;

  void await_successor();
  void meet();
  void await_word();
  void hear();

  const std::string path_;
  const Descriptors descriptors_;
  const std::function<void()> taken_over_;
  Descriptor listening_;
  Descriptor successor_;
  std::optional<std::uint64_t> inode_;  // of the socket's file, while it is ours
};

}  // namespace gateway
