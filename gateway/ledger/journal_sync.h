#pragma once
// The thread that gets journals from the kernel onto the disk. In both modes it syncs what
// was written about once a second, which bounds what a power cut takes; in `power` whoever
// must know asks, and all that ask while one sync is under way share the next.
//
// One per process. stop() it before the event loops of those who ask end.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/ledger/journal.h"
#include "gateway/ledger/journal_folder.h"

namespace gateway {

class JournalSync {
 public:
  explicit JournalSync(JournalFolder& folder,
                       std::chrono::milliseconds every = std::chrono::seconds(1));
  ~JournalSync();
  JournalSync(const JournalSync&) = delete;
  JournalSync& operator=(const JournalSync&) = delete;

  // Any thread. `done` runs on the syncing thread: true once all that `segment` held when
  // asked is on the disk, false where the disk refused or the thread has ended.
  void ask(std::shared_ptr<Segment> segment, std::function<void(bool)> done);
  // Answers everybody who asked and ends the thread.
  void stop();

  // Any thread; only ever grow.
  struct Counts {
    std::atomic<std::uint64_t> syncs{0};
    std::atomic<std::uint64_t> failures{0};
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Question {
    std::shared_ptr<Segment> segment;
    std::function<void(bool)> done;
  };

  void work();
  void answer(std::vector<Question> questions);
  void sync_what_is_new();
  bool sync(Segment& segment);

  JournalFolder& folder_;
  const std::chrono::milliseconds every_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Question> questions_;
  bool stopping_ = false;
  Counts counts_;

  std::thread thread_;
};

// In `power`, waits until all that `journal` has written is on the disk; in `process`, for
// nothing. How long that took, or an Error (`overloaded`): what was held must then be
// settled without being sent. On the journal's worker.
Awaitable<config::Result<std::chrono::microseconds>> on_disk(JournalSync& sync,
                                                             const Journal& journal,
                                                             const config::Clock& clock);

}  // namespace gateway
