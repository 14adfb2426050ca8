#include "gateway/accounting.h"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "gateway/ledger/journal_owner.h"
#include "gateway/log.h"

namespace gateway {
namespace {

using config::Result;
using std::chrono::milliseconds;

// Of a process that is about to end.
constexpr milliseconds kWaitForLock{5'000};
constexpr milliseconds kLookAgain{50};
// A ledger that takes longer than this to answer is not waited for.
constexpr milliseconds kPatience{10'000};

Result<std::unique_ptr<SqliteLedger>> open_ledger(const config::Ledger& settings,
                                                  const config::Clock& clock) {
  sqlite::WriteOptions options;
  options.sync_commits = true;  // a journal goes once the ledger has it: what it has must stay
  const auto give_up = clock.now() + kWaitForLock;
  for (;;) {
    auto ledger = SqliteLedger::open(settings.database, options);
    const bool locked = !ledger && ledger.error().code == config::ErrorCode::overloaded;
    if (!locked || clock.now() >= give_up) return ledger;
    std::this_thread::sleep_for(kLookAgain);
  }
}

}  // namespace

Result<std::unique_ptr<Accounting>> Accounting::open(const config::Ledger& settings, int workers,
                                                     const config::Clock& clock,
                                                     std::uint64_t seed) {
  auto ledger = open_ledger(settings, clock);
  if (!ledger) return std::move(ledger).error();
  if (auto ours = claim_journals(settings.journal, (*ledger)->identity()); !ours) {
    return std::move(ours).error();
  }
  auto journals = JournalFolder::open(settings, workers, seed);
  if (!journals) return std::move(journals).error();
  std::unique_ptr<Accounting> accounting(
      new Accounting(*std::move(journals), *std::move(ledger), clock));
  auto recovered = accounting->writer_.recover();
  if (!recovered) {
    log::error("journals of an earlier run are not in the ledger yet",
               {{"why", recovered.error().message}});
  }
  accounting->writer_.start();
  return accounting;
}

Accounting::Accounting(std::unique_ptr<JournalFolder> journals,
                       std::unique_ptr<SqliteLedger> ledger, const config::Clock& clock)
    : journals_(std::move(journals)),
      ledger_(std::move(ledger)),
      sync_(*journals_),
      writer_(*ledger_, *journals_, clock) {}

Accounting::~Accounting() {
  stop();
}

limits::SpentSince Accounting::spent() {
  return [this](const AccountId& account, config::Clock::Wall since) -> Result<config::PicoUsd> {
    const auto late = [] {
      return config::failure(config::ErrorCode::overloaded, "The ledger does not answer.");
    };
    if (!writer_.flush(kPatience)) return late();
    auto asked = std::make_shared<std::promise<Result<config::PicoUsd>>>();
    auto told = asked->get_future();
    writer_.run(
        [this, asked, account, since] { asked->set_value(ledger_->spent(account, since)); });
    if (told.wait_for(kPatience) != std::future_status::ready) return late();
    return told.get();
  };
}

void Accounting::sum_at_rest(const std::function<void(const limits::SpentSince& spent)>& work) {
  if (!writer_.flush(kPatience)) {
    return work([](const AccountId&, config::Clock::Wall) -> Result<config::PicoUsd> {
      return config::failure(config::ErrorCode::overloaded, "The ledger does not answer.");
    });
  }
  const auto task = std::make_shared<std::packaged_task<void()>>([&] {
    work([this](const AccountId& account, config::Clock::Wall since) {
      return ledger_->spent(account, since);
    });
  });
  auto done = task->get_future();
  writer_.run([task] { (*task)(); });
  done.get();
}

void Accounting::stop() {
  if (std::exchange(stopped_, true)) return;
  sync_.stop();
  if (!writer_.stop(kPatience)) {
    log::warn("not everything is in the ledger; the next start carries the rest", {});
  }
}

}  // namespace gateway
