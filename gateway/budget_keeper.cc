#include "gateway/budget_keeper.h"

#include <memory>
#include <pthread.h>
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
constexpr milliseconds kCarryPatience{10'000};
constexpr milliseconds kCarryAgainPatience{1'000};

void complain(const config::Error& why) {
  log::warn("what other processes spend is not known",
            {{"why", why.message}, {"detail", why.detail}});
}

Result<std::unique_ptr<LedgerReader>> ledger_of_now(const std::string& database) {
  auto reader = LedgerReader::open(database, kPatience);
  if (!reader) return reader;
  if (auto stays = (*reader)->stay_at_this_moment(); !stays) return stays.error();
  return reader;
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
  looks_ = std::thread([this] { look_again_and_again(); });
  learns_ = std::thread([this] { learn_when_asked(); });
}

void BudgetKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (looks_.joinable()) looks_.join();
  if (learns_.joinable()) learns_.join();
}

std::uint64_t BudgetKeeper::ask() {
  const std::lock_guard lock(mutex_);
  ++asked_;
  wake_.notify_all();
  return asked_;
}

bool BudgetKeeper::learnt(std::uint64_t asked) const {
  const std::lock_guard lock(mutex_);
  return done_ >= asked;
}

Result<void> BudgetKeeper::wait(std::uint64_t asked, milliseconds deadline) {
  std::unique_lock lock(mutex_);
  if (learnt_.wait_for(lock, deadline, [&] { return done_ >= asked; })) return {};
  return config::failure(config::ErrorCode::overloaded, "The ledger does not answer.");
}

void BudgetKeeper::writes_from_now_on() {
  const std::lock_guard lock(looking_);
  look();
  writes_ = true;
}

void BudgetKeeper::replayed(const UsageRecord& record, std::int64_t row) {
  const PicoUsd cost = record.cost.amount.value_or(PicoUsd{});
  limiter_.spend(limiter_.payers(record.key, record.team), cost, record.started, row);
}

void BudgetKeeper::look_again_and_again() {
  ::pthread_setname_np(::pthread_self(), "budgets");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    {
      const std::lock_guard looking(looking_);
      look();
    }
    lock.lock();
    wake_.wait_for(lock, kBetweenLooks, [&] { return stopping_; });
  }
}

void BudgetKeeper::learn_when_asked() {
  ::pthread_setname_np(::pthread_self(), "budget-lessons");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || asked_ > done_; });
    if (stopping_) return;
    const std::uint64_t asked = asked_;
    lock.unlock();
    const auto learnt = learn();
    lock.lock();
    if (learnt) {
      done_ = asked;
      learnt_.notify_all();
      continue;
    }
    log::error("some budgets know only what was spent here: the ledger cannot be asked",
               {{"budgets", limiter_.unlearnt()},
                {"why", learnt.error().message},
                {"detail", learnt.error().detail}});
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
  const auto ledger = ledger_of_now(database_);
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
  std::vector<Spending> ours;
  std::unique_lock looking(looking_);
  if (writes_) {
    looking.unlock();
    // What is settled after the lesson began, and in the ledger before it is asked, counts twice:
    // a ledger that takes long is waited for before.
    if (auto carried = carry_all_(kCarryPatience); !carried) return carried;
    limiter_.begin_to_learn();
    if (auto carried = carry_all_(kCarryAgainPatience); !carried) return carried;
    looking.lock();
  } else {
    limiter_.begin_to_learn();
    // What was settled before is journalled by now, or is about to be.
    for (const UsageRecord& record : attempts_in(folder_.path())) {
      if (record.outcome == Outcome::interrupted) continue;  // held, and counted as that
      ours.push_back(
          {record.key, record.team, record.started, record.cost.amount.value_or(PicoUsd{})});
    }
  }
  look();
  const auto ledger = ledger_of_now(database_);
  if (!ledger) return ledger.error();
  const auto through = (*ledger)->newest_row();
  if (!through) return through.error();
  auto learnt =
      limiter_.learn([&](const AccountId& account,
                         config::Clock::Wall since) { return (*ledger)->spent(account, since); },
                     [&](const AccountId& account, config::Clock::Wall since) {
                       return sum_of(ours, account, since);
                     },
                     *through);
  if (!learnt) return learnt;
  return limiter_.look_again(
      Limiter::Sums::elsewhere,
      [this](const AccountId& account, config::Clock::Wall since) {
        return Result<PicoUsd>(others_.spent(account, since));
      },
      limits::Now::of(clock_));
}

}  // namespace gateway
