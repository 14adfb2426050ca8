#pragma once
// The configuration of a running gateway, and how another takes its place: at a signal, when its
// files have changed and stand still, or when the admin API is told to. All or nothing: what
// cannot be taken leaves the old one. Of the control thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "config/base/clock.h"
#include "gateway/compiled_config.h"

namespace gateway {

enum class LoadedBy : std::uint8_t { start, signal, file, api };
std::string_view to_string(LoadedBy by);

class Reloader {
 public:
  // Reads the files again, keeping what cannot change from what the process began with.
  using Compile = std::function<CompiledConfig(const config::Config& running)>;
  using Adopt = std::function<void(const std::shared_ptr<const Snapshot>& next)>;

  // `began`: with what the process starts. The clock outlives it.
  Reloader(CompiledConfig began, Compile compile, Adopt adopt, const config::Clock& clock);
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Adopts what the files say now, or tells every problem and changes nothing.
  CompiledConfig reload(LoadedBy by);
  // What that would do.
  CompiledConfig look() const { return compile_(began_->config()); }

  // About once a second: reloads what has changed and was not written to since the last look, so
  // that a file that is just being written is not taken for whole.
  void tick();

  struct Facts {
    std::string path;
    std::string hash;
    config::Clock::Wall loaded_at;
    LoadedBy by = LoadedBy::start;
    std::vector<std::string_view> needs_restart;
    // Of the last try; none where it was taken.
    std::vector<config::Problem> problems;
    std::uint64_t failures = 0;
  };
  const Facts& facts() const { return facts_; }
  // Of the files as they are now; nullopt: they cannot be read.
  std::optional<std::string> hash_of_files() const;

  void add_metrics(std::vector<prometheus::MetricFamily>& families) const;

 private:
  // What tells a file from what it was: inode, size, times. Zeros: it is not there.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  static Stamp stamp_of(const std::string& path);
  std::vector<Stamp> stamps() const;
  void tell(const CompiledConfig& compiled) const;

  const Compile compile_;
  const Adopt adopt_;
  const config::Clock& clock_;
  const std::shared_ptr<const Snapshot> began_;
  std::vector<config::SourceFile> files_;
  std::vector<Stamp> tried_;                    // as the files were when they were read last
  std::optional<std::vector<Stamp>> changing_;  // as they were at the last look
  Facts facts_;
};

}  // namespace gateway
