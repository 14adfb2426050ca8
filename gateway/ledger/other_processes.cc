#include "gateway/ledger/other_processes.h"

#include <memory>
#include <optional>
#include <set>

#include "gateway/ledger/ledger_reader.h"

namespace gateway {
namespace {

using config::PicoUsd;

constexpr std::chrono::seconds kPatience{5};

PicoUsd cost_of(const UsageRecord& record) {
  return record.cost.amount.value_or(PicoUsd{});
}

bool pays(const AccountId& account, const UsageRecord& record) {
  switch (account.kind) {
    case AccountKind::gateway:
      return true;
    case AccountKind::team:
      return record.team.str() == account.name;
    case AccountKind::key:
      return record.key.str() == account.name;
  }
  return false;
}

}  // namespace

OtherProcesses::OtherProcesses(const JournalFolder& folder, std::string database, Count count)
    : folder_(folder), database_(std::move(database)), count_(std::move(count)) {}

config::Result<void> OtherProcesses::look() {
  const std::lock_guard lock(mutex_);
  const std::vector<UsageRecord> seen = folder_.attempts_elsewhere();
  if (seen.empty() && known_.empty()) return {};
  // Opened after the look: what has left the journals since is in what it reads.
  const auto ledger = LedgerReader::open(database_, kPatience);
  if (!ledger) return ledger.error();

  std::set<AttemptId> here;
  for (const UsageRecord& record : seen) {
    AttemptId id(record.request.str(), record.attempt);
    here.insert(id);
    auto known = known_.find(id);
    if (known == known_.end()) {
      const auto booked = (*ledger)->cost(record.request, record.attempt);
      if (!booked) return booked.error();
      const bool in_ledger = std::optional<PicoUsd>(*booked).has_value();
      known = known_.emplace(std::move(id), Known{record, {}, in_ledger}).first;
    }
    if (known->second.in_ledger) continue;
    const PicoUsd more{cost_of(record).value - known->second.counted.value};
    known->second.counted = cost_of(record);
    if (more.value != 0) count_(record, more);
  }
  for (auto known = known_.begin(); known != known_.end();) {
    auto& [id, attempt] = *known;
    if (here.count(id) != 0) {
      ++known;
      continue;
    }
    const auto booked = (*ledger)->cost(attempt.record.request, attempt.record.attempt);
    if (!booked) return booked.error();
    const std::optional<PicoUsd> cost = *booked;
    // Between two files of its process, or of a folder that nobody could read.
    if (!cost) {
      ++known;
      continue;
    }
    const PicoUsd more{cost->value - attempt.counted.value};
    if (!attempt.in_ledger && more.value != 0) count_(attempt.record, more);
    known = known_.erase(known);
  }
  return {};
}

PicoUsd OtherProcesses::not_in_ledger(const AccountId& account, config::Clock::Wall since) const {
  const std::lock_guard lock(mutex_);
  PicoUsd sum;
  for (const auto& [id, attempt] : known_) {
    if (attempt.in_ledger || attempt.record.started < since) continue;
    if (pays(account, attempt.record)) sum.value += attempt.counted.value;
  }
  return sum;
}

}  // namespace gateway
