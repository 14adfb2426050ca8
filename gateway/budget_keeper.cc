#include "gateway/budget_keeper.h"

#include <memory>
#include <utility>
#include <vector>

#include "gateway/ledger/ledger_reader.h"
#include "gateway/ledger/replay.h"
#include "gateway/log.h"

namespace gateway {
namespace {

using config::PicoUsd;
using config::Result;
using limits::Limiter;
using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{1'000};
constexpr milliseconds kPatience{5'000};

void complain(const config::Error& why) {
  log::warn("what other processes spend is not known",
            {{"why", why.message}, {"detail", why.detail}});
}

}  // namespace

BudgetKeeper::BudgetKeeper(limits::Limiter& limiter, JournalFolder& folder,
                           const config::Clock& clock, std::string database, CarryAll carry_all)
    : limiter_(limiter),
      folder_(folder),
      clock_(clock),
      database_(std::move(database)),
      carry_all_(std::move(carry_all)),
      others_(folder, database_) {}

BudgetKeeper::~BudgetKeeper() {
  stop();
}

void BudgetKeeper::start() {
  thread_ = std::thread([this] { work(); });
}

void BudgetKeeper::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BudgetKeeper::ask() {
  {
    const std::lock_guard lock(mutex_);
    ++asked_;
  }
  wake_.notify_one();
}

Result<void> BudgetKeeper::ask_and_wait(milliseconds deadline) {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++asked_;
  wake_.notify_one();
  if (learnt_.wait_for(lock, deadline, [&] { return done_ >= mine; })) return {};
  return config::failure(config::ErrorCode::overloaded, "The ledger does not answer.");
}

void BudgetKeeper::writes_from_now_on() {
  const std::lock_guard lock(looking_);
  look();
  writes_ = true;
}

void BudgetKeeper::replayed(const UsageRecord& record) {
  const PicoUsd cost = record.cost.amount.value_or(PicoUsd{});
  limiter_.spend(limiter_.payers(record.key, record.team), cost, record.started);
}

void BudgetKeeper::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t asked = asked_;
    const bool wanted = asked > done_;
    lock.unlock();
    Result<void> learnt;
    {
      const std::lock_guard looking(looking_);
      look();
      if (wanted) learnt = learn();
    }
    lock.lock();
    if (learnt) {
      done_ = asked;
      learnt_.notify_all();
    } else {
      log::error("some budgets are not enforced yet: what was spent so far is not known",
                 {{"why", learnt.error().message}, {"detail", learnt.error().detail}});
    }
    // One that could not be told is not asked for again at once.
    wake_.wait_for(lock, kBetweenLooks, [&] { return stopping_ || asked_ > asked; });
  }
}

void BudgetKeeper::look() {
  const auto changed = others_.look();
  if (!changed) return complain(changed.error());
  const limits::Now now = limits::Now::of(clock_);
  if (*changed) {
    (void)limiter_.look_again(
        Limiter::Sums::elsewhere,
        [this](const AccountId& account, config::Clock::Wall since) {
          return Result<PicoUsd>(others_.spent(account, since));
        },
        now);
  }
  if (writes_) return;
  const auto ledger = LedgerReader::open(database_, kPatience);
  if (!ledger) return complain(ledger.error());
  const auto told = limiter_.look_again(
      Limiter::Sums::ledger,
      [&](const AccountId& account, config::Clock::Wall since) {
        return (*ledger)->spent(account, since);
      },
      now);
  if (!told) complain(told.error());
}

Result<void> BudgetKeeper::learn() {
  limiter_.begin_to_learn();
  // What was settled before is journalled by now, or is about to be; what this process has
  // journalled is in the ledger after this, or, where another process writes it, is read here.
  std::vector<Spending> ours;
  if (writes_) {
    if (auto carried = carry_all_(); !carried) return carried;
  } else {
    for (const UsageRecord& record : attempts_in(folder_.path())) {
      if (record.outcome == Outcome::interrupted) continue;  // held, and counted as that
      ours.push_back(
          {record.key, record.team, record.started, record.cost.amount.value_or(PicoUsd{})});
    }
  }
  const auto ledger = LedgerReader::open(database_, kPatience);
  if (!ledger) return ledger.error();
  auto learnt =
      limiter_.learn([&](const AccountId& account,
                         config::Clock::Wall since) { return (*ledger)->spent(account, since); },
                     [&](const AccountId& account, config::Clock::Wall since) {
                       return sum_of(ours, account, since);
                     });
  if (!learnt) return learnt;
  return limiter_.look_again(
      Limiter::Sums::elsewhere,
      [this](const AccountId& account, config::Clock::Wall since) {
        return Result<PicoUsd>(others_.spent(account, since));
      },
      limits::Now::of(clock_));
}

}  // namespace gateway
