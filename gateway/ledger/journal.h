#pragma once
// Where a worker writes down money before it is spent and after: a hold before an upstream
// sees a request, a record when its attempt has ended. Each is one write into a file that
// is already there in full length, so that it waits for nobody; the ledger's thread reads
// behind it (ledger_writer.h).
//
// A hold sets aside the room that its record will need: a record of an attempt that was
// held cannot fail for space. One per worker, its thread only; its end seals its files.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/ledger/hold.h"
#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/record_codec.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

class Journal {
 public:
  // `folder` and `clock` outlive it. `worker` counts from 0.
  Journal(JournalFolder& folder, int worker, const config::Clock& clock);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Before the attempt's first upstream byte. An Error (`overloaded`): nothing is written
  // down, so nothing may be spent.
  config::Result<void> hold(const Hold& hold);
  // Before more is relayed than the hold covers. The same Error: the stream must end.
  config::Result<void> extend(const Extend& extend);
  // Before the answer's last byte. Where even a new file refuses, the record is kept in
  // memory, tried again at every call, and holds are refused meanwhile.
  void settle(const UsageRecord& record);

  // Any thread; only ever grow.
  struct Counts {
    std::atomic<std::uint64_t> holds{0};
    std::atomic<std::uint64_t> refused{0};        // holds and extensions
    std::atomic<std::uint64_t> failed_writes{0};  // by the disk
  };
  const Counts& counts() const { return counts_; }

  // Where what was written last stands, for whoever must know it on the disk; nullptr:
  // nothing was written yet.
  const std::shared_ptr<Segment>& current() const { return current_; }
  JournalFolder& folder() const { return folder_; }

 private:
  template <class Entry>
  void fill_frame(const Entry& entry);
  // Room for the frame, and beside it for all records held and `reserve` more.
  bool make_room(std::size_t reserve);
  bool leaves_room(std::size_t reserve) const;
  bool write(std::string& frame);
  bool write_anywhere(std::string& frame);
  bool write_backlog();
  bool add_segment();
  void next_segment();
  config::Result<void> refuse();
  void took();

  // Constant after construction.
  JournalFolder& folder_;
  const int worker_;
  const config::Clock& clock_;

  // This worker's thread only.
  std::shared_ptr<Segment> current_;
  std::deque<std::shared_ptr<Segment>> spares_;
  std::string frame_;                // being written; kept for its memory
  std::deque<std::string> backlog_;  // frames no file took
  std::pmr::unsynchronized_pool_resource pool_;
  // What each open hold set aside, by its request and attempt.
  std::pmr::unordered_map<std::uint64_t, std::size_t> open_{&pool_};
  std::size_t reserved_ = 0;  // their sum
  std::size_t largest_ = 0;   // of them, since none was open
  config::Clock::Steady ask_again_;
  std::string why_;  // the last refusal's reason
  bool refusing_ = false;

  // Written by this worker's thread, read by any.
  Counts counts_;
};

}  // namespace gateway
