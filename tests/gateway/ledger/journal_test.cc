#include "gateway/ledger/journal.h"

#include <csignal>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/replay.h"
#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/fake_clock.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using test::hold_of;
using test::record_of;

constexpr std::size_t kSmall = 256UL * 1024;  // four of the smallest files

struct Rig {
  explicit Rig(std::size_t bytes = kSmall)
      : folder(JournalFolder::open(place.settings(bytes), 1, 1).value()) {}

  std::map<test::AttemptId, UsageRecord> replayed() const {
    std::map<test::AttemptId, UsageRecord> all;
    const auto take = [&](std::span<const UsageRecord> records) {
      for (const auto& record : records) {
        EXPECT_TRUE(all.emplace(test::id_of(record), record).second) << "twice";
      }
      return config::Result<void>();
    };
    EXPECT_TRUE(replay(folder->path(), take));
    return all;
  }

  test::JournalPlace place;
  test::FakeClock clock;
  std::unique_ptr<JournalFolder> folder;
};

// Holds until one is refused; how many were taken.
int hold_until_refused(Journal& journal) {
  int taken = 0;
  while (journal.hold(hold_of(taken))) ++taken;
  return taken;
}

TEST(Journal, D05_ReachingTheBoundRefusesHoldsAndStillTakesEveryRecord) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  const int taken = hold_until_refused(journal);
  ASSERT_GT(taken, 50);
  const auto refused = journal.hold(hold_of(taken));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::overloaded);
  EXPECT_EQ(refused.error().http_status(), 503);
  // An extension may still fit where a hold did not, but not for ever.
  while (journal.extend({hold_of(0).request, 1, config::PicoUsd{1}})) continue;
  EXPECT_LE(rig.folder->bytes_used(), kSmall);

  for (int i = 0; i < taken; ++i) {
    UsageRecord record = record_of(hold_of(i), i);
    record.upstream_model = record.upstream_id = std::string(10'000, 'u');
    record.usage.reported_cost_text = std::string(10'000, '1');
    journal.settle(record);
  }
  EXPECT_EQ(journal.counts().holds, static_cast<std::uint64_t>(taken));
  EXPECT_LE(rig.folder->bytes_used(), kSmall);
  const auto records = rig.replayed();
  ASSERT_EQ(records.size(), static_cast<std::size_t>(taken));
  for (const auto& [id, record] : records) EXPECT_EQ(record.outcome, Outcome::ok);
}

TEST(Journal, HoldsAreTakenAgainOnceRecordsHaveFreedTheRoomTheySetAside) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  const int taken = hold_until_refused(journal);
  for (int i = 0; i < taken; ++i) journal.settle(record_of(hold_of(i), i));
  EXPECT_TRUE(journal.hold(hold_of(taken)));
}

TEST(Journal, AFullFileIsSealedSoThatItCanGoWhenTheBoundAllowsNoOther) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  int number = 0;
  while (true) {
    const Hold hold = hold_of(number);
    if (!journal.hold(hold)) break;
    journal.settle(record_of(hold, 1));
    ++number;
  }
  for (const auto& segment : rig.folder->segments()) {
    EXPECT_TRUE(segment->sealed());
    EXPECT_TRUE(rig.folder->drop(segment));
  }
  EXPECT_EQ(rig.folder->bytes_used(), 0U);
  rig.clock.advance(1s);  // the disk is not asked at every request
  EXPECT_TRUE(journal.hold(hold_of(number)));
}

TEST(Journal, WorkersShareOneBound) {
  test::JournalPlace place;
  test::FakeClock clock;
  const auto folder = JournalFolder::open(place.settings(kSmall), 2, 1).value();
  Journal first(*folder, 0, clock);
  Journal second(*folder, 1, clock);
  hold_until_refused(first);
  EXPECT_FALSE(second.hold(hold_of(100'000)));
  EXPECT_LE(folder->bytes_used(), kSmall);
}

TEST(Journal, AnAttemptHeldTwiceSetsRoomAsideOnce) {
  Rig rig(64UL * 1024);
  Journal journal(*rig.folder, 0, rig.clock);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(journal.hold(hold_of(1))) << i;
}

TEST(Journal, WhatCannotBeRecordedIsRefusedForGood) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  Hold hold = hold_of(1);
  hold.tags = {{"x", std::string(20'000, 'y')}};
  const auto refused = journal.hold(hold);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config::ErrorCode::internal);
}

TEST(Journal, ARecordNobodyHeldIsKeptWithoutTagsThatDoNotFit) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  UsageRecord record = record_of(hold_of(1), 11);
  record.tags = {{"x", std::string(100'000, 'y')}};
  journal.settle(record);
  journal.settle(record_of(hold_of(2), 22));
  const auto records = rig.replayed();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records.at({hold_of(1).request.str(), 1}).cost.amount, config::PicoUsd{11});
  EXPECT_TRUE(records.at({hold_of(1).request.str(), 1}).tags.empty());
}

// While it lives, this process's files cannot be written beyond `bytes`.
class LongestFile {
 public:
  explicit LongestFile(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~LongestFile() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(Journal, D07_AWriteThatFailsIsCountedAndItsRecordKeptUntilAFileTakesIt) {
  Rig rig;
  Journal journal(*rig.folder, 0, rig.clock);
  ASSERT_TRUE(journal.hold(hold_of(1)));
  ASSERT_TRUE(journal.hold(hold_of(2)));
  {
    const LongestFile nothing(16);
    journal.settle(record_of(hold_of(1), 11));
    EXPECT_GE(journal.counts().failed_writes, 1U);
    EXPECT_FALSE(journal.hold(hold_of(3)));
    journal.settle(record_of(hold_of(2), 22));
  }
  rig.clock.advance(1s);
  EXPECT_TRUE(journal.hold(hold_of(4)));
  const auto records = rig.replayed();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records.at({hold_of(1).request.str(), 1}).cost.amount, config::PicoUsd{11});
  EXPECT_EQ(records.at({hold_of(2).request.str(), 1}).cost.amount, config::PicoUsd{22});
  EXPECT_EQ(records.at({hold_of(4).request.str(), 1}).outcome, Outcome::interrupted);
}

TEST(JournalFolder, ALiveProcesssFolderIsLeftAndItsHoldsAreSeen) {
  test::JournalPlace place;
  test::FakeClock clock;
  auto older = JournalFolder::open(place.settings(), 1, 1).value();
  const auto newer = JournalFolder::open(place.settings(), 1, 2).value();
  Journal journal(*older, 0, clock);
  ASSERT_TRUE(journal.hold(hold_of(1)));
  ASSERT_TRUE(journal.hold(hold_of(2)));
  ASSERT_TRUE(journal.extend({hold_of(2).request, 1, config::PicoUsd{5}}));
  journal.settle(record_of(hold_of(1), 11));

  EXPECT_TRUE(newer->take_abandoned().empty());
  ASSERT_EQ(newer->folders_elsewhere(), std::vector{older->path()});
  const auto seen = attempts_in(older->path());
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].request, hold_of(1).request);
  EXPECT_EQ(seen[0].cost.amount, config::PicoUsd{11});
  EXPECT_EQ(seen[1].request, hold_of(2).request);
  EXPECT_EQ(seen[1].cost.amount, config::PicoUsd{5});
  EXPECT_TRUE(attempts_in(newer->path()).empty());
}

TEST(JournalFolder, AnAbandonedFolderIsTakenOnceAndGoesWhenRemoved) {
  test::JournalPlace place;
  test::FakeClock clock;
  auto dead = JournalFolder::open(place.settings(), 1, 1).value();
  {
    Journal journal(*dead, 0, clock);
    ASSERT_TRUE(journal.hold(hold_of(1)));
  }
  const auto path = dead->path();
  dead.reset();
  const auto first = JournalFolder::open(place.settings(), 1, 2).value();
  const auto second = JournalFolder::open(place.settings(), 1, 3).value();
  auto taken = first->take_abandoned();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].path(), path);
  EXPECT_TRUE(second->take_abandoned().empty());
  EXPECT_TRUE(taken[0].remove());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(JournalFolder, WhatIsNotAJournalsIsNotTouched) {
  test::JournalPlace place;
  const auto folder = JournalFolder::open(place.settings(), 1, 1).value();
  const auto foreign = folder->path().parent_path() / "backup";
  std::filesystem::create_directory(foreign);
  EXPECT_TRUE(folder->take_abandoned().empty());
  EXPECT_TRUE(std::filesystem::is_empty(foreign));
}

TEST(JournalFolder, AFolderThatCannotBeMadeSaysWhy) {
  test::JournalPlace place;
  config::Ledger settings = place.settings();
  settings.journal = "/proc/nowhere/journal";
  const auto folder = JournalFolder::open(settings, 1, 1);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, testing::HasSubstr("/proc/nowhere/journal"));
}

}  // namespace
