#pragma once
// The whole path of money in one process, from a request's meter through the limits and the
// journals to an SQLite ledger, and processes of it that die and are followed by others. What
// an upstream would say is the test's to decide. One thread but the ledger's.

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/calendar.h"
#include "gateway/chat/meter.h"
#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/verify.h"
#include "gateway/limits/local_limiter.h"
#include "tests/support/shared_clock.h"
#include "tests/support/temp_dir.h"

namespace gateway::chat::test {

using AttemptId = std::pair<std::string, int>;

// What must be in the ledger in the end, of all processes.
struct Books {
  struct Entry {
    std::optional<config::PicoUsd> cost;  // what is held, until it is settled
    Outcome outcome = Outcome::interrupted;
    config::Clock::Wall started;
  };
  std::map<AttemptId, Entry> attempts;

  config::PicoUsd sum(const config::Span& window) const {
    config::PicoUsd out;
    for (const auto& [id, entry] : attempts) {
      if (window.holds(entry.started)) out.value += entry.cost->value;
    }
    return out;
  }
};

// One worker's: into its journal, and into the books what the journal took.
class BookedSink final : public RecordSink {
 public:
  BookedSink(Journal& journal, Books& books) : journal_(journal), books_(books) {}

  config::Result<void> attempt_begins(const Hold& hold) override {
    auto held = journal_.hold(hold);
    if (held) {
      books_.attempts[{hold.request.str(), hold.attempt}] = {hold.reserved, Outcome::interrupted,
                                                             hold.started};
    }
    return held;
  }
  bool waits_for_disk() const override { return false; }
  Awaitable<config::Result<void>> on_disk() override { co_return config::Result<void>(); }
  config::Result<void> attempt_extended(const Hold& hold) override {
    auto extended = journal_.extend({hold.request, hold.attempt, hold.reserved});
    if (extended) books_.attempts[{hold.request.str(), hold.attempt}].cost = hold.reserved;
    return extended;
  }
  void attempt_done(const UsageRecord& record) override {
    if (dead_) return;
    journal_.settle(record);
    auto& entry = books_.attempts[{record.request.str(), record.attempt}];
    entry.cost = record.cost.amount;
    entry.outcome = record.outcome;
  }
  void request_done(const RequestSummary&) override {}
  void refused(std::string_view, const config::Error&) override {}
  void stream_opened() override {}
  void stream_closed() override {}

  // What is under way now is never heard of again.
  void die() { dead_ = true; }

 private:
  Journal& journal_;
  Books& books_;
  bool dead_ = false;
};

// Where a gateway's files are, and its budgets.
struct Place {
  std::string path() const { return dir.file("tollgate.db"); }
  config::Ledger settings() const {
    config::Ledger out;
    out.journal = dir.file("journal");
    out.journal_bytes = 2UL * 1024 * 1024;
    return out;
  }

  ::test::TempDir dir;
  ::test::SharedClock clock;
  std::map<AccountId, config::Limits> limits;
  Books books;
  int processes = 0;
};

// One process, from its start to its end.
class Process {
 public:
  static constexpr int kWorkers = 2;

  explicit Process(Place& place) : place_(place) {
    sqlite::WriteOptions options;
    options.busy_timeout = std::chrono::milliseconds(0);
    auto ledger = SqliteLedger::open(place.path(), options);
    if (!ledger) throw std::runtime_error(ledger.error().message);
    ledger_ = *std::move(ledger);
    folder_ = JournalFolder::open(place.settings(), kWorkers,
                                  static_cast<std::uint64_t>(++place.processes))
                  .value();
    const LedgerWriter::Pace pace{.batch = std::chrono::milliseconds(1),
                                  .batch_records = 20,
                                  .longest_pause = std::chrono::milliseconds(2)};
    writer_ = std::make_unique<LedgerWriter>(*ledger_, *folder_, place.clock, pace);
    EXPECT_TRUE(writer_->recover());
    for (const auto& [id, limits] : place.limits) limiter.configure(id, limits, now());
    EXPECT_TRUE(limiter.learn([this](const AccountId& account, config::Clock::Wall since) {
      return ledger_->spent(account, since);
    }));
    writer_->start();
    for (int worker = 0; worker < kWorkers; ++worker) {
      journals_.push_back(std::make_unique<Journal>(*folder_, worker, place.clock));
      sinks.push_back(std::make_unique<BookedSink>(*journals_.back(), place.books));
    }
  }

  limits::Now now() const { return limits::Now::of(place_.clock); }
  bool carried() { return writer_->flush(std::chrono::seconds(20)); }

  // Its requests have ended, or the sinks were told to die before.
  bool end() {
    journals_.clear();
    return writer_->stop(std::chrono::seconds(20));
  }

  // At rest: the ledger is the books, the budgets are the ledger, and nothing is held. Where
  // the clock was set back before a budget's first window, that window counts what was before
  // it too: too much rather than too little.
  void check(bool clock_was_set_back = false) {
    ASSERT_TRUE(carried());
    const Books& books = place_.books;
    auto reader = sqlite::open_for_reading(place_.path(), std::chrono::seconds(5));
    ASSERT_TRUE(reader) << reader.error().message;
    auto names = Names::open(*reader);
    auto select = prepare_select(*reader, "ORDER BY r.id");
    std::size_t rows = 0;
    for (; *select->step(); ++rows) {
      const auto row = read_row(*select, *names);
      ASSERT_TRUE(row);
      EXPECT_EQ(row->id, static_cast<std::int64_t>(rows + 1)) << "in order, without gaps";
      const AttemptId id(row->record.request.str(), row->record.attempt);
      const auto entry = books.attempts.find(id);
      ASSERT_TRUE(entry != books.attempts.end()) << id.first;
      EXPECT_EQ(row->record.cost.amount, entry->second.cost) << id.first << " " << id.second;
      EXPECT_EQ(row->record.outcome, entry->second.outcome) << id.first << " " << id.second;
      EXPECT_LT(entry->second.started - row->record.started, std::chrono::microseconds(1));
    }
    EXPECT_EQ(rows, books.attempts.size());
    auto verdict = verify(*reader);
    ASSERT_TRUE(verdict) << verdict.error().detail;
    EXPECT_TRUE(verdict->sound()) << verdict->findings.front();
    for (const auto& budget : limiter.budgets(now())) {
      EXPECT_EQ(budget.held, config::PicoUsd{}) << budget.account.name;
      const auto window =
          config::window_of(budget.budget.window, budget.budget.zone, place_.clock.wall());
      const config::PicoUsd least = books.sum(window);
      if (clock_was_set_back && budget.budget.window != config::Window::total) {
        EXPECT_GE(budget.spent.value, least.value) << budget.account.name;
        continue;
      }
      EXPECT_EQ(budget.spent, least)
          << budget.account.name << " " << config::to_string(budget.budget.window);
    }
  }

  limits::LocalLimiter limiter;
  std::vector<std::unique_ptr<BookedSink>> sinks;

 private:
  Place& place_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<JournalFolder> folder_;
  std::unique_ptr<LedgerWriter> writer_;
  std::vector<std::unique_ptr<Journal>> journals_;
};

}  // namespace gateway::chat::test
