#include "gateway/log.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <poll.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

namespace gateway::log {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kLongestQueue = 8'192;
constexpr std::chrono::seconds kPatienceAtTheEnd{1};

// Lines that were lost in a Logging that has ended, or that no write would take.
std::atomic<std::uint64_t> lost{0};

// Writes lines to a descriptor, on spdlog's thread. Waits as long as the reader needs,
// until told that the end is near.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  DescriptorSink(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
  ~DescriptorSink() override {
    if (owned_) ::close(descriptor_);
  }
  DescriptorSink(const DescriptorSink&) = delete;
  DescriptorSink& operator=(const DescriptorSink&) = delete;

  void give_up_at(steady_clock::time_point when) {
    give_up_at_.store(when.time_since_epoch().count(), std::memory_order_relaxed);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    // At most what a pipe takes at once after poll() says it is writable, so that no
    // write blocks beyond give_up_at.
    constexpr std::size_t kMostAtOnce = 4'096;
    std::string_view rest(message.payload.data(), message.payload.size());
    while (!rest.empty()) {
      if (!writable()) return count_lost();
      const auto written = ::write(descriptor_, rest.data(), std::min(rest.size(), kMostAtOnce));
      if (written < 0 && errno != EINTR && errno != EAGAIN) return count_lost();
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void flush_() override {}

 private:
  bool writable() const {
    constexpr int kTickMs = 50;
    pollfd wanted{descriptor_, POLLOUT, 0};
    while (::poll(&wanted, 1, at_the_end() ? 0 : kTickMs) <= 0) {
      if (at_the_end()) return false;
    }
    return true;
  }
  bool at_the_end() const {
    return steady_clock::now().time_since_epoch().count() >=
           give_up_at_.load(std::memory_order_relaxed);
  }
  static void count_lost() { lost.fetch_add(1, std::memory_order_relaxed); }

  // Constant after construction.
  const int descriptor_;
  const bool owned_;

  // Touched by any thread.
  std::atomic<steady_clock::rep> give_up_at_{std::numeric_limits<steady_clock::rep>::max()};
};

Level level_named(std::string_view name) {
  for (const Level level : {Level::trace, Level::debug, Level::warn, Level::error}) {
    if (name == to_string(level)) return level;
  }
  return Level::info;
}

Level level_of(const RequestSummary& summary) {
  if (!summary.error) return Level::info;
  switch (config::shape(*summary.error).fault) {
    case config::Fault::client:
      return Level::info;
    case config::Fault::upstream:
      return Level::warn;
    case config::Fault::gateway:
      return Level::error;
  }
  return Level::error;
}

// What an upstream says about a client's own mistake may quote the prompt; the client
// reads it, the log does not.
std::optional<std::string> detail_of(const RequestSummary& summary) {
  if (!summary.error || summary.error_detail.empty()) return std::nullopt;
  if (config::shape(*summary.error).fault == config::Fault::client) return std::nullopt;
  return without_credentials(summary.error_detail);
}

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

double milliseconds_of(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

}  // namespace

struct Logging::Backend {
  Backend(int descriptor, bool owned, const config::Log& settings, std::size_t longest_queue)
      : format(settings.format),
        least(level_named(settings.level)),
        sink(std::make_shared<DescriptorSink>(descriptor, owned)),
        pool(std::make_shared<spdlog::details::thread_pool>(longest_queue, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "tollgate", sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);  // `least` decides, before a line is made
  }

  void write(Level level, std::string_view message, std::span<const Field> fields) {
    if (level < least) return;
    thread_local fmt::memory_buffer line;
    line.clear();
    append_line(line, format, std::chrono::system_clock::now(), level, message, fields);
    logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

  const config::LogFormat format;
  const Level least;
  const std::shared_ptr<DescriptorSink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  const std::shared_ptr<spdlog::async_logger> logger;
};

namespace {

std::atomic<Logging::Backend*> current{nullptr};

void write(Level level, std::string_view message, std::span<const Field> fields) {
  auto* const backend = current.load(std::memory_order_acquire);
  if (backend != nullptr) backend->write(level, message, fields);
}

std::span<const Field> span_of(std::initializer_list<Field> fields) {
  return {fields.begin(), fields.size()};
}

}  // namespace

config::Result<std::unique_ptr<Logging>> Logging::start(const config::Log& settings) {
  if (settings.file.empty()) return start_on(STDERR_FILENO, settings, kLongestQueue);

  constexpr mode_t kOwnerWritesGroupReads = 0640;
  const int descriptor = ::open(settings.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                                kOwnerWritesGroupReads);
  if (descriptor < 0) {
    const std::error_code cause(errno, std::system_category());
    return config::failure(
        config::ErrorCode::internal,
        fmt::format("log.file: cannot open {}: {}", settings.file, cause.message()));
  }
  return std::unique_ptr<Logging>(
      new Logging(std::make_unique<Backend>(descriptor, true, settings, kLongestQueue)));
}

std::unique_ptr<Logging> Logging::start_on(int descriptor, const config::Log& settings,
                                           std::size_t longest_queue) {
  return std::unique_ptr<Logging>(
      new Logging(std::make_unique<Backend>(descriptor, false, settings, longest_queue)));
}

Logging::Logging(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {
  current.store(backend_.get(), std::memory_order_release);
}

Logging::~Logging() {
  current.store(nullptr, std::memory_order_release);
  backend_->sink->give_up_at(steady_clock::now() + kPatienceAtTheEnd);
  lost.fetch_add(backend_->pool->overrun_counter(), std::memory_order_relaxed);
  backend_->pool.reset();  // waits for its thread, which writes what is in the queue
}

void debug(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::debug, message, span_of(fields));
}
void info(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::info, message, span_of(fields));
}
void warn(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::warn, message, span_of(fields));
}
void error(std::string_view message, std::initializer_list<Field> fields) {
  write(Level::error, message, span_of(fields));
}

void request(const RequestSummary& summary) {
  const providers::Usage& usage = summary.usage;
  const bool counted = usage.tokens != providers::Source::unknown;
  const auto detail = detail_of(summary);
  const auto cost =
      summary.cost.amount ? std::optional(config::to_usd(*summary.cost.amount)) : std::nullopt;
  const auto first_token =
      summary.first_token ? std::optional(milliseconds_of(*summary.first_token)) : std::nullopt;
  const auto reason =
      summary.error ? std::optional(config::to_string(*summary.error)) : std::nullopt;

  const Field fields[] = {
      {"request", summary.request},
      {"client_request", unless_empty(summary.client_request_id)},
      {"key", summary.key},
      {"team", unless_empty(summary.team.view())},
      {"operation", to_string(summary.operation)},
      {"model", summary.model},
      {"provider", unless_empty(summary.provider.view())},
      {"target", unless_empty(summary.target.view())},
      {"upstream_key",
       summary.upstream_key > 0 ? std::optional(summary.upstream_key) : std::nullopt},
      {"stream", summary.streamed},
      {"attempts", summary.attempts},
      {"status", summary.status},
      {"outcome", summary.outcome},
      {"rescue", unless_empty(summary.rescue)},
      {"hedge", unless_empty(summary.hedge)},
      {"error", reason},
      {"detail", detail},
      {"prompt", usage.prompt},
      {"cached", usage.cached_read},
      {"completion", usage.completion},
      {"reasoning", usage.reasoning},
      {"tokens", counted ? std::optional(providers::to_string(usage.tokens)) : std::nullopt},
      {"cost_usd", cost},
      {"cost", providers::to_string(summary.cost.source)},
      {"ms", milliseconds_of(summary.duration)},
      {"first_token_ms", first_token},
      {"overhead_ms", milliseconds_of(summary.overhead)},
  };
  write(level_of(summary), "request", fields);
}

std::uint64_t dropped() {
  const auto* const backend = current.load(std::memory_order_acquire);
  const std::uint64_t overrun = backend != nullptr ? backend->pool->overrun_counter() : 0;
  return lost.load(std::memory_order_relaxed) + overrun;
}

}  // namespace gateway::log
