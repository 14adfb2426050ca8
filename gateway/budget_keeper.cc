#include "gateway/budget_keeper.h"

#include <memory>
#include <utility>

#include "gateway/ledger/ledger_reader.h"
#include "gateway/log.h"

namespace gateway {
namespace {

using config::PicoUsd;
using config::Result;
using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{1'000};
constexpr milliseconds kPatience{5'000};

}  // namespace

BudgetKeeper::BudgetKeeper(limits::Limiter& limiter, const JournalFolder& folder,
                           std::string database, CarryAll carry_all)
    : limiter_(limiter),
      database_(std::move(database)),
      carry_all_(std::move(carry_all)),
      others_(folder, database_, [this](const UsageRecord& record, PicoUsd by) {
        limiter_.spend(limiter_.payers(record.key, record.team), by, record.started);
      }) {}

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

void BudgetKeeper::look_elsewhere() {
  const auto looked = others_.look();
  if (!looked) {
    log::warn("what other processes spend is not known",
              {{"why", looked.error().message}, {"detail", looked.error().detail}});
  }
}

void BudgetKeeper::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t asked = asked_;
    const bool wanted = asked > done_;
    lock.unlock();
    look_elsewhere();
    const auto learnt = wanted ? learn() : Result<void>();
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

Result<void> BudgetKeeper::learn() {
  if (auto carried = carry_all_(); !carried) return carried;
  const auto ledger = LedgerReader::open(database_, kPatience);
  if (!ledger) return ledger.error();
  return limiter_.learn([&](const AccountId& account, config::Clock::Wall since) {
    auto sum = (*ledger)->spent(account, since);
    if (sum) sum->value += others_.not_in_ledger(account, since).value;
    return sum;
  });
}

}  // namespace gateway
