#include "gateway/ledger/journal_sync.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "tests/gateway/ledger/journal_rig.h"
#include "tests/support/wait_for.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;
using test::hold_of;

struct Rig {
  explicit Rig(config::JournalMode mode) : folder(open(mode)) {}
  std::unique_ptr<JournalFolder> open(config::JournalMode mode) const {
    config::Ledger settings = place.settings();
    settings.mode = mode;
    return JournalFolder::open(settings, 1, 1).value();
  }

  test::JournalPlace place;
  config::SystemClock clock;
  std::unique_ptr<JournalFolder> folder;
  Journal journal{*folder, 0, clock};
  net::io_context io;
};

// One request's hold, and what stood on the disk when it could be sent.
Awaitable<> hold_and_wait(Rig& rig, JournalSync& sync, int number, int& sent) {
  EXPECT_TRUE(rig.journal.hold(hold_of(number)));
  const std::size_t written = rig.journal.current()->written();
  const auto waited = co_await on_disk(sync, rig.journal, rig.clock);
  EXPECT_TRUE(waited);
  EXPECT_GE(rig.journal.current()->synced(), written);
  ++sent;
}

TEST(JournalSync, InPowerAHoldIsOnTheDiskBeforeItsRequestIsSent) {
  Rig rig(config::JournalMode::power);
  JournalSync sync(*rig.folder, 1h);
  int sent = 0;
  for (int i = 0; i < 50; ++i) {
    net::co_spawn(rig.io, hold_and_wait(rig, sync, i, sent), net::detached);
  }
  rig.io.run();
  EXPECT_EQ(sent, 50);
  EXPECT_GE(sync.counts().syncs, 1U);
  EXPECT_LE(sync.counts().syncs, 50U);
}

Awaitable<> wait(Rig& rig, JournalSync& sync,
                 std::optional<config::Result<std::chrono::microseconds>>& out) {
  out = co_await on_disk(sync, rig.journal, rig.clock);
}

TEST(JournalSync, InProcessNobodyWaits) {
  Rig rig(config::JournalMode::process);
  JournalSync sync(*rig.folder, 1h);
  ASSERT_TRUE(rig.journal.hold(hold_of(1)));
  std::optional<config::Result<std::chrono::microseconds>> waited;
  net::co_spawn(rig.io, wait(rig, sync, waited), net::detached);
  rig.io.run();
  ASSERT_TRUE(waited && *waited);
  EXPECT_EQ(**waited, 0us);
  EXPECT_EQ(sync.counts().syncs, 0U);
}

TEST(JournalSync, WhatIsWrittenReachesTheDiskWithoutAnybodyAsking) {
  Rig rig(config::JournalMode::process);
  JournalSync sync(*rig.folder, 5ms);
  ASSERT_TRUE(rig.journal.hold(hold_of(1)));
  const Segment& segment = *rig.journal.current();
  EXPECT_TRUE(test::wait_for(10s, [&] { return segment.synced() == segment.written(); }));
}

TEST(JournalSync, ItsEndAnswersWhoeverWaits) {
  Rig rig(config::JournalMode::power);
  JournalSync sync(*rig.folder, 1h);
  ASSERT_TRUE(rig.journal.hold(hold_of(1)));
  sync.stop();
  std::optional<config::Result<std::chrono::microseconds>> waited;
  net::co_spawn(rig.io, wait(rig, sync, waited), net::detached);
  rig.io.run();
  ASSERT_TRUE(waited);
  ASSERT_FALSE(*waited);
  EXPECT_EQ(waited->error().code, config::ErrorCode::overloaded);
}

}  // namespace
