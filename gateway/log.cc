#include "gateway/log.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <spdlog/logger.h>

#include "gateway/log_sink.h"

namespace gateway::log {
namespace {

// Of lines that wait for the writer: some thousands.
constexpr std::size_t kMostWaiting = 4 * 1024 * 1024;

// Lines that were lost in a Logging that has ended.
std::atomic<std::uint64_t> lost{0};

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

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

struct Logging::Backend {
  Backend(int descriptor, bool owned, const config::Log& settings, std::size_t most_waiting)
      : format(settings.format),
        least(level_named(settings.level)),
        sink(std::make_shared<GatheringSink>(descriptor, owned, most_waiting)),
        logger("tollgate", sink) {
    logger.set_level(spdlog::level::trace);  // `least` decides, before a line is made
  }

  void write(Level level, std::string_view message, std::span<const Field> fields) {
    if (level < least) return;
    thread_local fmt::memory_buffer line;
    line.clear();
    const auto now = std::chrono::system_clock::now();
    append_line(line, format, now, level, message, fields);
    logger.log(now, {}, spdlog::level::info, {line.data(), line.size()});
  }

  const config::LogFormat format;
  const Level least;
  const std::shared_ptr<GatheringSink> sink;
  spdlog::logger logger;
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
  if (settings.file.empty()) return start_on(STDERR_FILENO, settings, kMostWaiting);

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
      new Logging(std::make_unique<Backend>(descriptor, true, settings, kMostWaiting)));
}

std::unique_ptr<Logging> Logging::start_on(int descriptor, const config::Log& settings,
                                           std::size_t most_waiting) {
  return std::unique_ptr<Logging>(
      new Logging(std::make_unique<Backend>(descriptor, false, settings, most_waiting)));
}

Logging::Logging(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {
  current.store(backend_.get(), std::memory_order_release);
}

Logging::~Logging() {
  current.store(nullptr, std::memory_order_release);
  backend_->sink->end();
  lost.fetch_add(backend_->sink->lost(), std::memory_order_relaxed);
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

std::optional<std::string> detail_of(config::ErrorCode code, std::string_view detail,
                                     std::initializer_list<std::string_view> ours) {
  if (detail.empty() || config::shape(code).fault == config::Fault::client) return std::nullopt;
  return without_credentials(detail, ours);
}

void request(const RequestSummary& summary) {
  const providers::Usage& usage = summary.usage;
  const bool counted = usage.tokens != providers::Source::unknown;
  const auto detail = summary.error
                          ? detail_of(*summary.error, summary.error_detail, {summary.target.view()})
                          : std::nullopt;
  const bool asked = summary.attempts > 0;
  const auto cost = asked && summary.cost.amount
                        ? std::optional(config::to_usd(*summary.cost.amount))
                        : std::nullopt;
  const auto source =
      asked ? std::optional(providers::to_string(summary.cost.source)) : std::nullopt;
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
      {"cost", source},
      {"ms", summary.duration},
      {"first_token_ms", summary.first_token},
      {"overhead_ms", summary.overhead},
  };
  write(level_of(summary), "request", fields);
}

std::uint64_t dropped() {
  const auto* const backend = current.load(std::memory_order_acquire);
  const std::uint64_t now = backend != nullptr ? backend->sink->lost() : 0;
  return lost.load(std::memory_order_relaxed) + now;
}

}  // namespace gateway::log
