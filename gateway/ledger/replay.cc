#include "gateway/ledger/replay.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "gateway/ledger/frame_reader.h"
#include "gateway/ledger/open_holds.h"
#include "gateway/ledger/record_codec.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatch = 500;

std::optional<std::string> contents(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) return std::nullopt;
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (in.bad()) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

class Replay {
 public:
  explicit Replay(const TakeRecords& take) : take_(take) {}

  config::Result<void> read(const SegmentName& name, std::string_view bytes) {
    FrameReader frames(name, 0, bytes);
    while (const auto payload = frames.next()) {
      auto entry = decode(*payload);
      if (!entry) {
        ++counts_.not_understood;
        continue;
      }
      if (auto* hold = std::get_if<Hold>(&*entry)) open_.held(std::move(*hold), name);
      if (auto* extend = std::get_if<Extend>(&*entry)) open_.extended(*extend, name);
      if (auto* record = std::get_if<UsageRecord>(&*entry)) {
        open_.settled(*record);
        ++counts_.records;
        if (auto taken = add(std::move(*record)); !taken) return taken;
      }
    }
    counts_.damaged += frames.damaged();
    if (frames.torn()) ++counts_.torn;
    return {};
  }

  config::Result<void> interrupt_what_is_open() {
    for (const Hold& hold : open_.by_start()) {
      ++counts_.interrupted;
      if (auto taken = add(interrupted(hold)); !taken) return taken;
    }
    return hand_over();
  }

  const Replayed& counts() const { return counts_; }

 private:
  config::Result<void> add(UsageRecord record) {
    batch_.push_back(std::move(record));
    if (batch_.size() < kBatch) return {};
    return hand_over();
  }

  config::Result<void> hand_over() {
    if (batch_.empty()) return {};
    auto taken = take_(batch_);
    batch_.clear();
    return taken;
  }

  const TakeRecords& take_;
  OpenHolds open_;
  std::vector<UsageRecord> batch_;
  Replayed counts_;
};

}  // namespace

std::vector<SegmentName> segments_in(const fs::path& folder) {
  std::vector<SegmentName> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = parse_segment_name(entry->path().filename().string());
    if (name) names.push_back(*name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

config::Result<Replayed> replay(const fs::path& folder, const TakeRecords& take) {
  Replay replay(take);
  for (const SegmentName& name : segments_in(folder)) {
    const auto bytes = contents(folder / to_string(name));
    if (!bytes) {
      return config::failure(config::ErrorCode::overloaded, "A journal cannot be read.",
                             fmt::format("{}/{}", folder.string(), to_string(name)));
    }
    if (auto read = replay.read(name, *bytes); !read) return read.error();
  }
  if (auto taken = replay.interrupt_what_is_open(); !taken) return taken.error();
  return replay.counts();
}

std::vector<UsageRecord> attempts_in(const fs::path& folder) {
  std::vector<UsageRecord> attempts;
  const TakeRecords keep = [&](std::span<const UsageRecord> records) {
    attempts.insert(attempts.end(), records.begin(), records.end());
    return config::Result<void>();
  };
  Replay replay(keep);
  for (const SegmentName& name : segments_in(folder)) {
    // Files go away while their process carries them into the ledger: what they held is in it
    // then, or in a file that is read at the next look.
    if (const auto bytes = contents(folder / to_string(name))) (void)replay.read(name, *bytes);
  }
  (void)replay.interrupt_what_is_open();
  return attempts;
}

}  // namespace gateway
