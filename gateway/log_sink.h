#pragma once
// Where log lines wait for the thread that writes them to a descriptor, many in one write. Whoever
// logs copies its line and goes on: it wakes that thread only where nothing waited before. What no
// longer fits, because the reader is too slow, is dropped and counted.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <spdlog/sinks/sink.h>

namespace gateway::log {

class GatheringSink final : public spdlog::sinks::sink {
 public:
  // `owned`: closes the descriptor at its end. `most_bytes`: of lines that wait.
  GatheringSink(int descriptor, bool owned, std::size_t most_bytes);
  ~GatheringSink() override;
  GatheringSink(const GatheringSink&) = delete;
  GatheringSink& operator=(const GatheringSink&) = delete;

  // Any thread. The payload is one whole line, or several.
  void log(const spdlog::details::log_msg& message) override;

  // Writes what waits, for a second at most. Nothing is written behind it.
  void end();

  // Lines dropped, or that no write would take. Any thread.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  // Lines come formed, and go out by themselves.
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void work();
  void write(std::string_view lines);
  bool writable() const;
  bool at_the_end() const;

  // Constant after construction.
  const int descriptor_;
  const bool owned_;
  const bool is_file_;
  const std::size_t most_bytes_;

  // Touched by any thread.
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::chrono::steady_clock::rep> give_up_at_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;  // under mutex_
  bool ending_ = false;  // under mutex_

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gateway::log
