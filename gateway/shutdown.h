#pragma once
// How a gateway ends: the workers accept nothing more and finish what they have; what is
// still open when its time is up is told so and ended, and what then does not end is cut.
// Of the control thread, but for draining().

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "gateway/async.h"
#include "gateway/worker_thread.h"

namespace gateway {

class Shutdown {
 public:
  using Workers = std::vector<std::unique_ptr<WorkerThread>>;

  // `done` runs once nothing is open any more, or does not end. All outlive it.
  Shutdown(net::io_context& control, Workers& workers, std::function<void()> done)
      : control_(control), workers_(workers), done_(std::move(done)), timer_(control) {}

  // Any thread. What is not ready for clients any more.
  const std::atomic<bool>& draining() const { return draining_; }

  // What is open has this long. Once; a second time it hurries.
  void drain(std::chrono::milliseconds at_most);
  // At once.
  void hurry();

 private:
  enum class Stage : std::uint8_t { serving, draining, hurried, cut };

  void begin();
  void cut();
  void finish();
  void one_drained();
  void then(std::chrono::milliseconds from_now, void (Shutdown::*next)());

  net::io_context& control_;
  Workers& workers_;
  const std::function<void()> done_;
  std::atomic<bool> draining_{false};
  Stage stage_ = Stage::serving;
  std::size_t still_draining_ = 0;
  net::steady_timer timer_;
};

}  // namespace gateway
