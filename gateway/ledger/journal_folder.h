#pragma once
// This process's place to write its journals: a folder of its own inside `ledger.journal`,
// locked as long as the process lives, and a bound on what all its files take together.
// The lock tells others whether anybody still writes here: whose process has died, or left
// without carrying everything, has an unlocked folder, and whoever comes next takes it over.
//
// One per process; outlives its journals, syncing and the ledger's thread. Its end leaves
// the files where they are: only remove() takes them away.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/ledger/segment.h"

namespace gateway {

// A folder that is nobody else's while this lives.
class LockedFolder {
 public:
  LockedFolder(std::filesystem::path path, int lock);
  LockedFolder(LockedFolder&& other) noexcept;
  LockedFolder& operator=(LockedFolder&&) = delete;
  ~LockedFolder();

  const std::filesystem::path& path() const { return path_; }
  // The journal's files and the folder; what is not the journal's stays, and the folder
  // with it.
  bool remove();

 private:
  std::filesystem::path path_;
  int lock_;
};

class JournalFolder {
 public:
  // Makes the folder, `settings.journal` too where it is missing. `seed` tells its name and
  // its files' salts from all others. An Error (`internal`, for the operator) where the disk
  // refuses.
  static config::Result<std::unique_ptr<JournalFolder>> open(const config::Ledger& settings,
                                                             int workers, std::uint64_t seed);

  const std::filesystem::path& path() const { return mine_.path(); }
  config::JournalMode mode() const { return mode_; }

  // Any thread. An Error (`overloaded`) where the bound is reached or the disk refuses;
  // smaller than usual rather than none.
  config::Result<std::shared_ptr<Segment>> new_segment(int writer);
  // The same of exactly this size and whatever the bound says: for what makes room.
  config::Result<std::shared_ptr<Segment>> new_segment(int writer, std::size_t bytes);
  // All that there are, oldest first.
  std::vector<std::shared_ptr<Segment>> segments() const;
  // Its file goes now; false: the disk refused, and it is still one of segments().
  bool drop(const std::shared_ptr<Segment>& segment);

  std::size_t bytes_used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t bytes_limit() const { return limit_; }

  // Folders beside this one whose processes have gone, now ours to replay and remove.
  std::vector<LockedFolder> take_abandoned() const;
  // The folders beside this one: of processes that still run, and what the dead have left.
  std::vector<std::filesystem::path> folders_elsewhere() const;

  // The end of a process that carried everything into the ledger.
  bool remove();

 private:
  JournalFolder(LockedFolder mine, const config::Ledger& settings, int workers, std::uint64_t seed);
  std::shared_ptr<Segment> create(int writer, std::size_t bytes, boost::system::error_code& error);

  // Constant after construction.
  LockedFolder mine_;
  const config::JournalMode mode_;
  const std::size_t limit_;
  const std::size_t usual_bytes_;  // of a segment

  // Touched by any thread.
  std::atomic<std::size_t> used_{0};
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Segment>> segments_;
  std::uint64_t next_sequence_ = 1;
  std::mt19937_64 random_;
};

}  // namespace gateway
