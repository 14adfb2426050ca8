#include "gateway/ledger/other_processes.h"

#include <chrono>
#include <optional>

#include "gateway/ledger/ledger_reader.h"

namespace gateway {
namespace {

using config::PicoUsd;

constexpr std::chrono::seconds kPatience{5};

bool pays(const AccountId& account, const Spending& attempt) {
  switch (account.kind) {
    case AccountKind::gateway:
      return true;
    case AccountKind::team:
      return attempt.team.view() == account.name;
    case AccountKind::key:
      return attempt.key.view() == account.name;
  }
  return false;
}

}  // namespace

PicoUsd sum_of(const std::vector<Spending>& attempts, const AccountId& account,
               config::Clock::Wall since) {
  PicoUsd sum;
  for (const Spending& attempt : attempts) {
    if (attempt.started < since || !pays(account, attempt)) continue;
    sum = config::checked_add(sum, attempt.amount).value_or(sum);
  }
  return sum;
}

OtherProcesses::OtherProcesses(const JournalFolder& folder, std::string database)
    : folder_(folder), database_(std::move(database)) {}

config::Result<bool> OtherProcesses::look() {
  const std::lock_guard lock(mutex_);
  const std::vector<UsageRecord> seen = folder_.attempts_elsewhere();
  if (seen.empty()) {
    const bool changed = !not_in_ledger_.empty();
    not_in_ledger_.clear();
    in_ledger_.clear();
    return changed;
  }
  const auto ledger = LedgerReader::open(database_, kPatience);
  if (!ledger) return ledger.error();
  std::vector<Spending> open;
  std::set<AttemptId> booked;
  for (const UsageRecord& record : seen) {
    AttemptId id(record.request.str(), record.attempt);
    if (!in_ledger_.contains(id)) {
      const auto asked = (*ledger)->cost(record.request, record.attempt);
      if (!asked) return asked.error();
      const std::optional<PicoUsd>& cost = *asked;
      if (!cost) {
        open.push_back(
            {record.key, record.team, record.started, record.cost.amount.value_or(PicoUsd{})});
        continue;
      }
    }
    booked.insert(std::move(id));
  }
  not_in_ledger_ = std::move(open);
  in_ledger_ = std::move(booked);
  return true;
}

PicoUsd OtherProcesses::spent(const AccountId& account, config::Clock::Wall since) const {
  const std::lock_guard lock(mutex_);
  return sum_of(not_in_ledger_, account, since);
}

}  // namespace gateway
