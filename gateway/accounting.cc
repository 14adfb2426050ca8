#include "gateway/accounting.h"

#include <chrono>
#include <pthread.h>
#include <utility>

#include "gateway/ledger/journal_owner.h"
#include "gateway/ledger/ledger_reader.h"
#include "gateway/log.h"

namespace gateway {
namespace {

using config::Result;
using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{100};  // whether the ledger is free
// A ledger that takes longer than this to answer is not waited for.
constexpr milliseconds kPatience{10'000};

// So much of what is old at a time, some milliseconds of the ledger's thread.
constexpr int kRecordsAtATime = 500;
constexpr int kSumsAtATime = 2'000;
// Sums of slots that ended so long ago are packed: receipts come for a day, and what comes later
// for a packed slot stands beside it.
constexpr std::chrono::hours kUnpacked{26};
// As many of the newest records may have been made while the clock was wrong.
constexpr int kMayBeMisdated = 10;

Result<std::unique_ptr<SqliteLedger>> open_ledger(const config::Ledger& settings,
                                                  milliseconds locked) {
  sqlite::WriteOptions options;
  options.busy_timeout = locked;
  options.sync_commits = true;  // a journal goes once the ledger has it: what it has must stay
  return SqliteLedger::open(settings.database, options);
}

bool is_anothers(const config::Error& error) {
  return error.code == config::ErrorCode::overloaded;
}

Result<std::string> identity_of(const config::Ledger& settings) {
  auto reader = LedgerReader::open(settings.database, kPatience);
  if (!reader) return reader.error();
  return (*reader)->identity();
}

}  // namespace

Result<std::unique_ptr<Accounting>> Accounting::open(const config::Ledger& settings, int workers,
                                                     const config::Clock& clock, std::uint64_t seed,
                                                     limits::Limiter& limiter,
                                                     milliseconds locked) {
  auto ledger = open_ledger(settings, locked);
  auto identity = ledger ? Result<std::string>((*ledger)->identity()) : ledger.error();
  const auto give_up = clock.now() + kPatience;
  while (!identity) {
    if (!is_anothers(ledger.error())) return std::move(ledger).error();
    // Another process has it; it may be about to make the file, or to end.
    identity = identity_of(settings);
    if (identity) break;
    if (clock.now() >= give_up) return identity.error();
    std::this_thread::sleep_for(kLookAgain);
    ledger = open_ledger(settings, locked);
    if (ledger) identity = (*ledger)->identity();
  }
  if (auto ours = claim_journals(settings.journal, *identity); !ours) {
    return std::move(ours).error();
  }
  auto journals = JournalFolder::open(settings, workers, seed);
  if (!journals) return std::move(journals).error();
  std::unique_ptr<Accounting> accounting(
      new Accounting(*std::move(journals), settings, clock, limiter, locked));
  if (ledger) {
    accounting->write(*std::move(ledger));
  } else {
    accounting->why_waiting_ = ledger.error().message;
    accounting->waiting_ = std::thread([&all = *accounting] { all.take_over_when_free(); });
  }
  accounting->budgets_.start();
  return accounting;
}

Accounting::Accounting(std::unique_ptr<JournalFolder> journals, const config::Ledger& settings,
                       const config::Clock& clock, limits::Limiter& limiter, milliseconds locked)
    : clock_(clock),
      settings_(settings),
      locked_(locked),
      journals_(std::move(journals)),
      drift_(clock, log_drift),
      believed_(clock, [this] { return ledger_->newest_but(kMayBeMisdated); }),
      retention_({.now = [this] { return believed_.now(); },
                  .age = std::chrono::hours(24) * settings.keep_days,
                  .step = kRecordsAtATime,
                  .act = [this](config::Clock::Wall before, config::Clock::Wall now,
                                int at_most) { return ledger_->retire(before, now, at_most); },
                  .done = "old records are gone; their sums stay",
                  .failed = "old records cannot be removed; tried again later"},
                 [this](std::function<void()> task) { return run(std::move(task)); }),
      packing_({.now = [this] { return config::Result<config::Clock::Wall>(clock_.wall()); },
                .age = kUnpacked,
                .step = kSumsAtATime,
                .act = [this](config::Clock::Wall before, config::Clock::Wall /*now*/,
                              int at_most) { return ledger_->pack(before, at_most); },
                .done = "old sums are packed",
                .failed = "old sums cannot be packed; tried again later"},
               [this](std::function<void()> task) { return run(std::move(task)); }),
      sync_(*journals_),
      budgets_(limiter, *journals_, clock, settings.database,
               [this](milliseconds deadline) { return carry_all(deadline); }) {}

void Accounting::say_who_writes() const {
  if (writer() != nullptr || why_waiting_.empty()) return;
  log::warn("another process writes the ledger; this one serves, and takes it over from it",
            {{"why", why_waiting_}});
}

void Accounting::tidy() {
  retention_.look();
  packing_.look();
}

Accounting::~Accounting() {
  stop();
}

void Accounting::write(std::unique_ptr<SqliteLedger> ledger) {
  ledger_ = std::move(ledger);
  watched_ = std::make_unique<WatchedLedger>(*ledger_, drift_);
  writer_ = std::make_unique<LedgerWriter>(
      *watched_, *journals_, clock_,
      [this](const UsageRecord& record, bool since_start) { replayed(record, since_start); });
  const auto recovered = writer_->recover();
  if (!recovered) {
    log::error("journals of an earlier run are not in the ledger yet",
               {{"why", recovered.error().message}});
  }
  budgets_.writes_from_now_on();
  writer_->start();
  writing_.store(writer_.get(), std::memory_order_release);
}

void Accounting::take_over_when_free() {
  ::pthread_setname_np(::pthread_self(), "ledger-waits");
  std::unique_lock lock(mutex_);
  std::string told;
  while (!give_up_.wait_for(lock, kLookAgain, [this] { return giving_up_; })) {
    auto ledger = open_ledger(settings_, locked_);
    if (ledger) {
      log::info("the ledger is ours now", {});
      return write(*std::move(ledger));
    }
    const config::Error& why = ledger.error();
    if (is_anothers(why) || told == why.message) continue;
    told = why.message;
    log::error("the ledger cannot be taken over; the journal keeps all", {{"why", told}});
  }
}

// What its process had settled, that process counted. Budgets ask the ledger at start.
void Accounting::replayed(const UsageRecord& record, bool since_start) {
  if (record.outcome == Outcome::interrupted) counted_.attempt(record);
  if (since_start) budgets_.replayed(record, ledger_->newest_row());
}

bool Accounting::run(std::function<void()> task) {
  LedgerWriter* const writer = writing_.load(std::memory_order_acquire);
  if (writer == nullptr) return false;
  writer->run(std::move(task));
  return true;
}

void Accounting::saw_receipt(const UsageRecord& attempt, const TwoOpinions& both) {
  (void)run([this, attempt, both] {
    drift_.saw_receipt(attempt, both);
    counted_.compared(attempt, ToldBy::receipt, both);
  });
}

// Twice: what was settled is journalled a moment later, before the second call.
Result<void> Accounting::carry_all(milliseconds deadline) {
  // Nothing was journalled here yet; what dead processes left is counted until it is replayed.
  if (journals_->segments().empty()) return {};
  LedgerWriter* const writer = writing_.load(std::memory_order_acquire);
  if (writer != nullptr && writer->flush(deadline) && writer->flush(deadline)) return {};
  return config::failure(config::ErrorCode::overloaded, "The ledger does not answer.");
}

void Accounting::stop() {
  if (std::exchange(stopped_, true)) return;
  {
    const std::lock_guard lock(mutex_);
    giving_up_ = true;
  }
  give_up_.notify_one();
  if (waiting_.joinable()) waiting_.join();
  budgets_.stop();
  sync_.stop();
  const bool carried = writer_ ? writer_->stop(kPatience) : journals_->segments().empty();
  if (!carried) {
    log::warn("not everything is in the ledger; whoever writes it next carries the rest", {});
  }
}

}  // namespace gateway
