#pragma once
// The one thread that carries what journals hold into the ledger: reads behind every
// worker, appends in batches, and takes a journal's file away once all of it is in the
// ledger. Holds still open in such a file are first written into one of its own.
//
// A ledger that is slow, locked or gone holds up nobody but this thread: it tries again
// until it works. One per process; outlives nothing that it was given.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/open_holds.h"
#include "gateway/ledger/replay.h"

namespace gateway {

class LedgerWriter {
 public:
  struct Pace {
    std::chrono::milliseconds batch{50};  // between two looks at the journals; longer under load
    std::size_t batch_records = 2'000;
    std::chrono::milliseconds longest_pause{5'000};  // between tries of a ledger that fails
    std::chrono::milliseconds look_for_abandoned{5'000};
  };

  // Told of each record of a dead process that has come into the ledger: on recover()'s thread,
  // or since start() on its own.
  using Replay = std::function<void(const UsageRecord& record, bool since_start)>;

  LedgerWriter(Ledger& ledger, JournalFolder& folder, const config::Clock& clock,
               Replay replayed = {});
  LedgerWriter(Ledger& ledger, JournalFolder& folder, const config::Clock& clock, Pace pace,
               Replay replayed = {});
  // stop() without patience.
  ~LedgerWriter();
  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;

  // Before start(), on the caller's thread: what dead processes left goes into the ledger.
  // An Error: some of it did not; the thread tries again.
  config::Result<Replayed> recover();
  void start();
  // Any thread. `task` runs on the ledger's thread, between two batches; after stop() it is
  // destroyed unrun, as those are that wait then.
  void run(std::function<void()> task);
  // Any thread but the ledger's. Waits until all that was journalled before the call is in
  // the ledger; false: not by the deadline.
  bool flush(std::chrono::milliseconds deadline);
  // Carries what is left and ends the thread. Where everything is in the ledger and nothing
  // is held, the folder goes and true comes back; else it stays for whoever comes next.
  bool stop(std::chrono::milliseconds patience);

  // Any thread.
  struct Counts {
    std::atomic<std::uint64_t> records{0};      // taken by the ledger
    std::atomic<std::uint64_t> failures{0};     // batches it refused
    std::atomic<std::uint64_t> interrupted{0};  // of dead processes
    std::atomic<std::uint64_t> damaged{0};      // places in journals that were no entry
    std::atomic<bool> failing{false};           // since the last batch
  };
  const Counts& counts() const { return counts_; }
  // Any thread. Journalled, and not in the ledger yet, at this moment.
  std::uint64_t lag_bytes() const;
  // Any thread. What was journalled longer ago is in the ledger; zero: all that was journalled
  // before the call is.
  std::chrono::milliseconds lag() const;

 private:
  struct Followed {
    std::shared_ptr<Segment> segment;
    std::size_t read = 0;
    bool done = false;  // sealed, and read to its end
  };

  void work();
  // One look at everything; false: the ledger or the disk refused, some is left.
  bool carry();
  void follow_new_segments();
  bool read_on(Followed& followed);
  void take(JournalEntry entry, const SegmentName& where);
  bool hand_over();
  void let_go_of_what_is_done();
  bool keep_open_holds(const SegmentName& going);
  void publish_what_is_carried();
  void note_state(bool working, std::string_view reason);
  void look_for_abandoned();
  config::Result<Replayed> replay_abandoned();
  void tell_of(std::span<const UsageRecord> records, const Ledger::ThereAlready& there_already);
  void run_tasks();

  // Constant after construction.
  Ledger& ledger_;
  JournalFolder& folder_;
  const config::Clock& clock_;
  const Pace pace_;
  const Replay replayed_;

  // The ledger's thread only (or the caller's, before start() and after the thread's end).
  std::map<int, std::deque<Followed>> writers_;
  std::uint64_t followed_up_to_ = 0;  // the highest sequence in writers_, ever
  OpenHolds open_;
  std::vector<UsageRecord> batch_;
  std::shared_ptr<Segment> kept_;  // the holds whose own files have gone
  std::size_t kept_holds_ = 0;     // in it
  std::vector<LockedFolder> abandoned_;
  std::vector<LockedFolder> not_understood_;  // another version's
  config::Clock::Steady looked_;
  std::string read_buffer_;

  // Any thread.
  std::mutex mutex_;
  std::condition_variable wake_;  // the thread
  std::condition_variable done_;  // who waits in flush()
  std::vector<std::function<void()>> tasks_;
  std::uint64_t flushes_asked_ = 0;
  std::uint64_t flushes_done_ = 0;
  bool nudged_ = false;                  // look now
  bool stopping_ = false;                // go when all is carried,
  bool carried_ = false;                 // which it is,
  bool give_up_ = false;                 // or go as it is
  bool ended_ = false;                   // the thread has
  std::atomic<std::int64_t> caught_up_;  // steady time: what was journalled before is carried
  Counts counts_;

  std::thread thread_;
};

}  // namespace gateway
