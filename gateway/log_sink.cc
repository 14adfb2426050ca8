#include "gateway/log_sink.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway::log {
namespace {

using std::chrono::steady_clock;

// How long lines wait for company: a write for each costs more than the line.
constexpr std::chrono::milliseconds kGather{20};
constexpr std::chrono::seconds kPatienceAtTheEnd{1};

bool is_regular_file(int descriptor) {
  struct stat about{};
  return ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace

GatheringSink::GatheringSink(int descriptor, bool owned, std::size_t most_bytes)
    : descriptor_(descriptor),
      owned_(owned),
      is_file_(is_regular_file(descriptor)),
      most_bytes_(most_bytes),
      give_up_at_(std::numeric_limits<steady_clock::rep>::max()),
      thread_([this] { work(); }) {}

GatheringSink::~GatheringSink() {
  end();
  if (owned_) ::close(descriptor_);
}

void GatheringSink::end() {
  if (!thread_.joinable()) return;
  give_up_at_.store((steady_clock::now() + kPatienceAtTheEnd).time_since_epoch().count(),
                    std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void GatheringSink::log(const spdlog::details::log_msg& message) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + message.payload.size() > most_bytes_) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    first = waiting_.empty();
    waiting_.append(message.payload.data(), message.payload.size());
  }
  if (first) wake_.notify_one();
}

void GatheringSink::work() {
  ::pthread_setname_np(::pthread_self(), "log");
  std::string lines;
  bool ending = false;
  while (!ending) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      wake_.wait_for(lock, kGather, [this] { return ending_; });
      ending = ending_;
      lines.swap(waiting_);
    }
    write(lines);
    lines.clear();
  }
}

void GatheringSink::write(std::string_view lines) {
  // At most what a pipe takes at once after poll() says it is writable, so that no write
  // blocks beyond give_up_at_. A file never makes us wait for a reader.
  constexpr std::size_t kMostAtOnce = 4'096;
  while (!lines.empty()) {
    const std::size_t most = is_file_ ? lines.size() : kMostAtOnce;
    const auto written = is_file_ || writable()
                             ? ::write(descriptor_, lines.data(), std::min(lines.size(), most))
                             : -1;
    if (written > 0) {
      lines.remove_prefix(static_cast<std::size_t>(written));
    } else if (at_the_end() || (errno != EINTR && errno != EAGAIN)) {
      lost_.fetch_add(static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n')),
                      std::memory_order_relaxed);
      return;
    }
  }
}

bool GatheringSink::writable() const {
  constexpr int kTickMs = 50;
  pollfd wanted{descriptor_, POLLOUT, 0};
  while (::poll(&wanted, 1, at_the_end() ? 0 : kTickMs) <= 0) {
    if (at_the_end()) return false;
  }
  return true;
}

bool GatheringSink::at_the_end() const {
  return steady_clock::now().time_since_epoch().count() >=
         give_up_at_.load(std::memory_order_relaxed);
}

}  // namespace gateway::log
