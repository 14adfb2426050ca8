#pragma once
// Threads for questions to the ledger that may take a while (reports, receipts to ask for), so
// that no thread that serves requests waits for the disk. Few, and few may wait: who asks
// more than can be answered is told so at once. Any thread may ask; made before those who do.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/elsewhere.h"

namespace gateway {

class QueryThreads {
 public:
  QueryThreads(int threads, std::size_t most_waiting);
  // end().
  ~QueryThreads();
  QueryThreads(const QueryThreads&) = delete;
  QueryThreads& operator=(const QueryThreads&) = delete;

  // False: too many wait already, or it has ended, and the task is not run.
  bool run(std::function<void()> task);
  // Returns after what is under way and what waits.
  void end();

  // What `work` returns on one of the threads. overloaded: too many wait.
  template <class T>
  Awaitable<config::Result<T>> ask(std::function<config::Result<T>()> work) {
    const auto send = [this](std::function<void()> task) { run(std::move(task)); };
    auto done = co_await elsewhere(send, std::move(work));
    if (done) co_return *std::move(done);
    co_return config::failure(config::ErrorCode::overloaded,
                              "Too many reports are asked for at once; try again shortly.");
  }

 private:
  void work();

  const std::size_t most_waiting_;

  // Any thread.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace gateway
