#include "gateway/ledger/ledger_writer.h"

#include <algorithm>
#include <exception>
#include <pthread.h>
#include <utility>
#include <variant>

#include <boost/system/error_code.hpp>

#include "gateway/ledger/frame_reader.h"
#include "gateway/ledger/next_look.h"
#include "gateway/ledger/record_codec.h"
#include "gateway/log.h"

namespace gateway {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
  counter.fetch_add(n, std::memory_order_relaxed);
}

std::int64_t ticks(config::Clock::Steady time) {
  return time.time_since_epoch().count();
}

std::string_view reason_of(const config::Error& error) {
  return error.detail.empty() ? std::string_view(error.message) : error.detail;
}

}  // namespace

LedgerWriter::LedgerWriter(Ledger& ledger, JournalFolder& folder, const config::Clock& clock,
                           Replay replayed)
    : LedgerWriter(ledger, folder, clock, Pace{}, std::move(replayed)) {}

LedgerWriter::LedgerWriter(Ledger& ledger, JournalFolder& folder, const config::Clock& clock,
                           Pace pace, Replay replayed)
    : ledger_(ledger),
      folder_(folder),
      clock_(clock),
      pace_(pace),
      replayed_(std::move(replayed)),
      looked_(clock.now()),
      caught_up_(ticks(clock.now())) {}

LedgerWriter::~LedgerWriter() {
  stop(milliseconds(0));
}

config::Result<Replayed> LedgerWriter::recover() {
  looked_ = clock_.now();
  for (LockedFolder& folder : folder_.take_abandoned()) abandoned_.push_back(std::move(folder));
  return replay_abandoned();
}

config::Result<Replayed> LedgerWriter::replay_abandoned() {
  Replayed sum;
  const TakeRecords take = [this](std::span<const UsageRecord> records) -> config::Result<void> {
    const auto appended = ledger_.append(records);
    if (!appended) return appended.error();
    add(counts_.records, records.size());
    if (replayed_) tell_of(records, *appended);
    run_tasks();
    return {};
  };
  while (!abandoned_.empty()) {
    LockedFolder& folder = abandoned_.back();
    const std::string path = folder.path().string();
    const auto replayed = replay(folder.path(), take);
    if (!replayed) return replayed.error();
    add(counts_.interrupted, replayed->interrupted);
    add(counts_.damaged, replayed->torn + replayed->damaged);
    sum.records += replayed->records;
    sum.interrupted += replayed->interrupted;
    sum.torn += replayed->torn;
    sum.damaged += replayed->damaged;
    sum.not_understood += replayed->not_understood;
    log::info("journal replayed", {{"folder", path},
                                   {"records", replayed->records},
                                   {"interrupted", replayed->interrupted},
                                   {"torn", replayed->torn},
                                   {"damaged", replayed->damaged}});
    if (replayed->not_understood > 0) {
      log::error("journal of another version is kept",
                 {{"folder", path}, {"entries", replayed->not_understood}});
      not_understood_.push_back(std::move(folder));
    } else if (!folder.remove()) {
      log::warn("journal folder cannot be removed", {{"folder", path}});
    }
    abandoned_.pop_back();
  }
  return sum;
}

void LedgerWriter::tell_of(std::span<const UsageRecord> records,
                           const Ledger::ThereAlready& there_already) {
  const bool since_start = thread_.joinable();
  auto known = there_already.begin();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (known != there_already.end() && *known == i) {
      ++known;
    } else {
      replayed_(records[i], since_start);
    }
  }
}

void LedgerWriter::start() {
  thread_ = std::thread([this] { work(); });
}

void LedgerWriter::run(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    tasks_.push_back(std::move(task));
    nudged_ = true;
  }
  wake_.notify_one();
}

bool LedgerWriter::flush(milliseconds deadline) {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++flushes_asked_;
  nudged_ = true;
  wake_.notify_one();
  return done_.wait_for(lock, deadline, [&] { return flushes_done_ >= mine; });
}

bool LedgerWriter::stop(milliseconds patience) {
  if (!thread_.joinable()) return false;
  {
    std::unique_lock lock(mutex_);
    stopping_ = nudged_ = true;
    wake_.notify_one();
    done_.wait_for(lock, patience, [&] { return carried_; });
    give_up_ = nudged_ = true;
    wake_.notify_one();
  }
  thread_.join();
  // Whoever waits for one of them learns that it will not run.
  std::vector<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    dropped = std::exchange(tasks_, {});
  }
  const bool sealed = std::all_of(writers_.begin(), writers_.end(),
                                  [](const auto& writer) { return writer.second.empty(); });
  return carried_ && sealed && open_.size() == 0 && folder_.remove();
}

void LedgerWriter::work() {
  ::pthread_setname_np(::pthread_self(), "ledger");
  milliseconds pause = pace_.batch;
  std::unique_lock lock(mutex_);
  while (!give_up_ && !carried_) {
    wake_.wait_for(lock, pause, [&] { return nudged_; });
    nudged_ = false;
    const std::uint64_t asked = flushes_asked_;
    const bool last = stopping_;
    lock.unlock();

    run_tasks();
    look_for_abandoned();
    const auto before = counts_.records.load(std::memory_order_relaxed);
    const bool good = carry();
    if (good || last) {
      pause = next_look(pace_.batch, counts_.records.load(std::memory_order_relaxed) - before);
    } else {
      pause = std::min(pause * 2, pace_.longest_pause);
    }

    lock.lock();
    if (!good) continue;
    flushes_done_ = asked;
    carried_ = last;
    done_.notify_all();
  }
}

// They and what they hold are gone when this returns: somebody may wait for that.
void LedgerWriter::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks = std::exchange(tasks_, {});
  }
  for (auto& task : tasks) {
    try {
      std::exchange(task, nullptr)();
    } catch (const std::exception& bug) {
      log::error("a task of the ledger's thread failed", {{"reason", bug.what()}});
    }
  }
}

void LedgerWriter::look_for_abandoned() {
  if (clock_.now() - looked_ < pace_.look_for_abandoned) return;
  looked_ = clock_.now();
  for (LockedFolder& folder : folder_.take_abandoned()) abandoned_.push_back(std::move(folder));
  if (const auto replayed = replay_abandoned(); !replayed) {
    add(counts_.failures, 1);
    note_state(false, reason_of(replayed.error()));
  }
}

bool LedgerWriter::carry() {
  const auto begun = clock_.now();
  follow_new_segments();
  bool good = batch_.size() < pace_.batch_records || hand_over();
  for (auto& [writer, files] : writers_) {
    for (Followed& file : files) {
      if (good) good = read_on(file);
      // What comes after is read when nothing can be added before it: a record never before
      // its hold.
      if (!file.done) break;
    }
  }
  if (good) good = hand_over();
  if (good) let_go_of_what_is_done();
  // It does not work while it refuses what a dead process left.
  if (good && abandoned_.empty()) note_state(true, "");
  if (batch_.empty()) publish_what_is_carried();
  if (good) caught_up_.store(ticks(begun), std::memory_order_relaxed);
  return good;
}

void LedgerWriter::follow_new_segments() {
  const std::uint64_t known = followed_up_to_;
  for (auto& segment : folder_.segments()) {
    const SegmentName& name = segment->name();
    if (name.sequence <= known) continue;
    followed_up_to_ = std::max(followed_up_to_, name.sequence);
    if (name.writer != kLedgersOwn) writers_[name.writer].push_back({std::move(segment)});
  }
}

bool LedgerWriter::read_on(Followed& file) {
  const bool sealed = file.segment->sealed();
  const std::size_t written = file.segment->written();
  if (written > file.read) {
    error_code error;
    if (!file.segment->read(file.read, written - file.read, read_buffer_, error)) {
      add(counts_.failures, 1);
      note_state(false, error.message());
      return false;
    }
    FrameReader frames(file.segment->name(), file.read, read_buffer_);
    while (const auto payload = frames.next()) {
      auto entry = decode(*payload);
      file.read = frames.position();
      if (entry) take(*std::move(entry), file.segment->name());
      if (batch_.size() >= pace_.batch_records && !hand_over()) return false;
    }
    if (frames.damaged() > 0 || frames.position() != written) {
      add(counts_.damaged, 1);
      log::error("journal is damaged",
                 {{"file", file.segment->path().native()}, {"at", frames.position()}});
    }
    file.read = written;
  }
  file.done = sealed;
  return true;
}

void LedgerWriter::take(JournalEntry entry, const SegmentName& where) {
  if (auto* hold = std::get_if<Hold>(&entry)) open_.held(std::move(*hold), where);
  if (auto* extend = std::get_if<Extend>(&entry)) open_.extended(*extend, where);
  if (auto* record = std::get_if<UsageRecord>(&entry)) {
    open_.settled(*record);
    batch_.push_back(std::move(*record));
  }
}

bool LedgerWriter::hand_over() {
  if (batch_.empty()) return true;
  const auto appended = ledger_.append(batch_);
  if (!appended) {
    add(counts_.failures, 1);
    note_state(false, reason_of(appended.error()));
    return false;
  }
  add(counts_.records, batch_.size());
  batch_.clear();
  run_tasks();
  return true;
}

void LedgerWriter::let_go_of_what_is_done() {
  for (auto& [writer, files] : writers_) {
    while (!files.empty() && files.front().done) {
      const auto& segment = files.front().segment;
      if (!keep_open_holds(segment->name()) || !folder_.drop(segment)) break;
      files.pop_front();
    }
  }
}

bool LedgerWriter::keep_open_holds(const SegmentName& going) {
  std::vector<OpenHolds::Entry*> staying;
  std::size_t there = 0;
  bool must = false;
  open_.each([&](OpenHolds::Entry& entry) {
    const bool kept = kept_ && entry.where == kept_->name();
    if (kept) ++there;
    if (entry.needs(going)) must = true;
    if (kept || entry.needs(going)) staying.push_back(&entry);
  });
  // What was settled meanwhile goes out with the file that says so.
  if (!must && there == kept_holds_) return true;

  std::vector<std::string> frames;
  std::size_t bytes = 0;
  for (const OpenHolds::Entry* entry : staying) {
    std::string& frame = frames.emplace_back(4, '\0');
    encode(entry->hold, frame);
    frame.append(4, '\0');
    bytes += frame.size();
  }
  std::shared_ptr<Segment> next;
  if (!frames.empty()) {
    auto made = folder_.new_segment(kLedgersOwn, bytes);
    error_code error;
    bool good = made.has_value();
    for (std::string& frame : frames) good = good && (*made)->append(frame, error);
    // The file that goes may have been on the disk for long; this one must be before.
    good = good && (*made)->sync(error);
    if (!good) {
      if (made) folder_.drop(*made);
      // Without it the old file says more than is open, which the ledger knows better.
      return !must;
    }
    next = *std::move(made);
    next->seal();
    for (OpenHolds::Entry* entry : staying) {
      entry->where = next->name();
      entry->extended_in.reset();
    }
  }
  if (kept_) folder_.drop(kept_);
  kept_ = std::move(next);
  kept_holds_ = frames.size();
  return true;
}

void LedgerWriter::publish_what_is_carried() {
  for (const auto& [writer, files] : writers_) {
    for (const Followed& file : files) file.segment->note_carried(file.read);
  }
}

std::uint64_t LedgerWriter::lag_bytes() const {
  std::uint64_t behind = 0;
  for (const auto& segment : folder_.segments()) {
    if (segment->name().writer == kLedgersOwn) continue;
    const std::size_t carried = segment->carried();
    behind += segment->written() - carried;
  }
  return behind;
}

milliseconds LedgerWriter::lag() const {
  if (!counts_.failing.load(std::memory_order_relaxed) && lag_bytes() == 0) return milliseconds(0);
  const auto then = config::Clock::Steady::duration(caught_up_.load(std::memory_order_relaxed));
  const auto behind = std::chrono::ceil<milliseconds>(clock_.now().time_since_epoch() - then);
  return std::max(behind, milliseconds(1));
}

void LedgerWriter::note_state(bool working, std::string_view reason) {
  if (counts_.failing.exchange(!working, std::memory_order_relaxed) == !working) return;
  if (working) {
    log::info("ledger takes records again");
  } else {
    log::error("ledger takes no records; the journal keeps them", {{"reason", reason}});
  }
}

}  // namespace gateway
