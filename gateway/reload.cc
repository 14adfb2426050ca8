#include "gateway/reload.h"

#include <chrono>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/base/sha256.h"
#include "config/text_file.h"
#include "config/yaml_tree.h"
#include "gateway/log.h"

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

prometheus::ClientMetric& add(std::vector<MetricFamily>& families, const char* name,
                              const char* help, MetricType type, double value) {
  MetricFamily& family = families.emplace_back();
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.counter.value = value;
  metric.gauge.value = value;
  return metric;
}

std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  return time.tv_sec * kPerSecond + time.tv_nsec;
}

}  // namespace

std::string_view to_string(LoadedBy by) {
  switch (by) {
    case LoadedBy::start:
      return "start";
    case LoadedBy::signal:
      return "signal";
    case LoadedBy::file:
      return "file";
    case LoadedBy::api:
      return "api";
  }
  return "start";
}

Reloader::Reloader(CompiledConfig began, Compile compile, Adopt adopt, const config::Clock& clock)
    : compile_(std::move(compile)),
      adopt_(std::move(adopt)),
      clock_(clock),
      began_(std::move(began.snapshot)),
      files_(std::move(began.files)),
      tried_(stamps()) {
  facts_.path = files_.front().path;
  facts_.hash = hash_of(files_);
  facts_.loaded_at = clock.wall();
  if (hash_of_files() != facts_.hash) tried_.clear();  // changed while the process started
}

CompiledConfig Reloader::reload(LoadedBy by) {
  // Looked at before they are read: what changes meanwhile is read again.
  tried_ = stamps();
  changing_.reset();
  CompiledConfig compiled = look();
  if (compiled.files != files_) {
    files_ = compiled.files;
    tried_ = stamps();
  }
  tell(compiled);
  facts_.problems = compiled.problems;
  if (!compiled.snapshot) {
    ++facts_.failures;
    return compiled;
  }
  adopt_(compiled.snapshot);
  facts_.hash = hash_of(compiled.files);
  facts_.loaded_at = clock_.wall();
  facts_.by = by;
  facts_.needs_restart = compiled.needs_restart;
  const config::Config& config = compiled.snapshot->config();
  log::info("configuration reloaded", {{"by", to_string(by)},
                                       {"hash", std::string_view(facts_.hash)},
                                       {"models", config.models.size()},
                                       {"keys", config.keys.size()}});
  return compiled;
}

void Reloader::tell(const CompiledConfig& compiled) const {
  for (const config::Problem& warning : compiled.warnings) {
    log::warn("configuration", {{"warning", to_string(warning)}});
  }
  for (const config::Problem& problem : compiled.problems) {
    log::error("configuration refused; the old one stays", {{"problem", to_string(problem)}});
  }
  if (!compiled.needs_restart.empty()) {
    log::warn("configuration changed where it takes a restart; what began with the process stays",
              {{"settings", fmt::format("{}", fmt::join(compiled.needs_restart, ", "))}});
  }
}

void Reloader::tick() {
  auto now = stamps();
  if (now == tried_) return changing_.reset();
  if (changing_ == now) {
    (void)reload(LoadedBy::file);
  } else {
    changing_ = std::move(now);
  }
}

std::optional<std::string> Reloader::hash_of_files() const {
  std::vector<config::SourceFile> now = files_;
  for (config::SourceFile& file : now) {
    if (!file.content && &file != &now.front()) continue;
    const auto read = config::read_text_file(file.path, config::kMaxYamlBytes);
    const auto* text = std::get_if<config::FileText>(&read);
    if (text == nullptr) return std::nullopt;
    file.content = config::sha256(text->text);
  }
  return hash_of(now);
}

Reloader::Stamp Reloader::stamp_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::int64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

std::vector<Reloader::Stamp> Reloader::stamps() const {
  std::vector<Stamp> out;
  out.reserve(files_.size());
  for (const config::SourceFile& file : files_) out.push_back(stamp_of(file.path));
  return out;
}

void Reloader::add_metrics(std::vector<MetricFamily>& families) const {
  const auto loaded = std::chrono::duration<double>(facts_.loaded_at.time_since_epoch()).count();
  add(families, "tollgate_config_info", "Always 1; the configuration that runs is in its label.",
      MetricType::Gauge, 1)
      .label = {{"hash", facts_.hash}};
  add(families, "tollgate_config_loaded_timestamp_seconds",
      "When the configuration that runs was loaded.", MetricType::Gauge, loaded);
  add(families, "tollgate_config_refused",
      "1 while the configuration's files are not what runs, because they could not be taken.",
      MetricType::Gauge, facts_.problems.empty() ? 0 : 1);
  add(families, "tollgate_config_reload_failed_total",
      "Changed configurations that were refused; the old one stayed.", MetricType::Counter,
      static_cast<double>(facts_.failures));
}

}  // namespace gateway
