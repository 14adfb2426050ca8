// Each call that a journal makes to its disk fails in turn, once or from then on. Of its own
// program, because it stands in for the C library's functions.

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/replay.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/fake_clock.h"

namespace {

// What the functions below look at. One thread.
struct Plan {
  int calls_left = 0;  // 0: none is planned
  int error = 0;
  bool stays = false;
  bool met = false;
};
Plan plan;

// The error the call ends with; 0: none.
int fault() {
  if (plan.calls_left == 0) return 0;
  if (plan.calls_left > 1) {
    --plan.calls_left;
    return 0;
  }
  plan.met = true;
  if (!plan.stays) plan.calls_left = 0;
  return plan.error;
}

int ended_with(int error) {
  errno = error;
  return -1;
}

}  // namespace

extern "C" {
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  if (const int error = fault()) return ended_with(error);
  return ::syscall(SYS_pwrite64, file, bytes, size, at);
}
int fdatasync(int file) {
  if (const int error = fault()) return ended_with(error);
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
int posix_fallocate(int file, off_t at, off_t size) {
  if (const int error = fault()) return error;
  return ::syscall(SYS_fallocate, file, 0, at, size) == 0 ? 0 : errno;
}
}

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using test::hold_of;
using test::record_of;

constexpr std::size_t kSmall = 256UL * 1024;
constexpr int kAttempts = 24;
constexpr int kOfASync = 6;

struct Told {
  std::map<test::AttemptId, std::int64_t> settled;
  std::set<test::AttemptId> open;
};

// One worker's life, with a sync now and then; what it was told is written down.
Told live(Journal& journal, test::FakeClock& clock) {
  Told told;
  for (int i = 1; i <= kAttempts; ++i) {
    const Hold hold = hold_of(i);
    const test::AttemptId id(hold.request.str(), hold.attempt);
    if (journal.hold(hold)) {
      if (i % 4 == 0) {
        told.open.insert(id);
      } else {
        journal.settle(record_of(hold, i));
        told.settled[id] = i;
      }
    }
    if (i % kOfASync == 0 && journal.current()) {
      const auto synced = journal.current();
      boost::system::error_code error;
      if (!synced->sync(error)) {
        EXPECT_TRUE(error);
        EXPECT_TRUE(synced->distrusted());
        EXPECT_LT(synced->synced(), synced->written());
        clock.advance(1s);
        const Hold next = hold_of(1'000 + i);
        if (!journal.hold(next)) continue;
        told.open.insert({next.request.str(), next.attempt});
        EXPECT_NE(journal.current(), synced) << "nothing more in there";
      }
    }
    clock.advance(10ms);
  }
  return told;
}

TEST(JournalFaults, D07_EveryFailedCallLosesAndDoublesNothing) {
  // It is the calls that count, not the disk behind them.
  if (std::filesystem::exists("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  int faults = 0;
  for (const int error : {EIO, EROFS, ENOSPC}) {
    for (const bool stays : {false, true}) {
      for (int call = 1;; ++call) {
        SCOPED_TRACE(fmt::format("errno {} at call {}{}", error, call, stays ? " and on" : ""));
        const test::JournalPlace place;
        test::FakeClock clock;
        const auto folder = *JournalFolder::open(place.settings(kSmall), 1, 1);
        Journal journal(*folder, 0, clock);
        plan = {call, error, stays, false};
        Told told = live(journal, clock);
        const bool met = plan.met;
        plan = {};
        if (!met) break;
        ++faults;
        // The disk is well again: what is still in memory is written before the next hold.
        clock.advance(1s);
        const Hold last = hold_of(kAttempts + 1);
        ASSERT_TRUE(journal.hold(last));
        journal.settle(record_of(last, 77));
        told.settled[{last.request.str(), last.attempt}] = 77;

        std::map<test::AttemptId, UsageRecord> found;
        const auto take = [&](std::span<const UsageRecord> records) {
          for (const auto& record : records) {
            EXPECT_TRUE(found.emplace(test::id_of(record), record).second) << "twice";
          }
          return config::Result<void>();
        };
        const auto replayed = replay(folder->path(), take);
        ASSERT_TRUE(replayed);
        EXPECT_EQ(replayed->damaged, 0U);
        for (const auto& [id, cost] : told.settled) {
          ASSERT_TRUE(found.contains(id)) << id.first;
          EXPECT_EQ(found.at(id).outcome, Outcome::ok);
          EXPECT_EQ(found.at(id).cost.amount, config::PicoUsd{cost});
        }
        for (const auto& id : told.open) {
          ASSERT_TRUE(found.contains(id)) << id.first;
          EXPECT_EQ(found.at(id).outcome, Outcome::interrupted);
        }
      }
    }
  }
  EXPECT_GT(faults, 200);
}

}  // namespace
