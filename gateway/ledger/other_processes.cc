#include "gateway/ledger/other_processes.h"

#include <algorithm>
#include <chrono>
#include <variant>

#include "gateway/ledger/hold.h"

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
  const bool any_before = !attempts_.empty();
  const std::vector<std::filesystem::path> there = folder_.folders_elsewhere();
  for (auto at = folders_.begin(); at != folders_.end();) {
    if (std::find(there.begin(), there.end(), at->first) != there.end()) {
      ++at;
      continue;
    }
    at->second.tail.forget(news_of(at->second));
    at = folders_.erase(at);
  }
  for (const std::filesystem::path& path : there) {
    Folder& folder = folders_.try_emplace(path, path).first->second;
    folder.tail.look(news_of(folder));
  }
  if (attempts_.empty()) {
    last_row_.reset();
    return any_before;
  }
  if (auto asked = ask_ledger(); !asked) return asked.error();
  return true;
}

JournalTail::News OtherProcesses::news_of(Folder& folder) {
  return {.entry = [this, &folder](const SegmentName& file,
                                   const JournalEntry& entry) { take(folder, file, entry); },
          .gone = [this, &folder](const SegmentName& file) { drop(folder, file); }};
}

OtherProcesses::Attempt& OtherProcesses::mention(Folder& folder, const SegmentName& file,
                                                 AttemptId id) {
  folder.says[file].push_back(id);
  const auto [at, fresh] = attempts_.try_emplace(id);
  if (fresh) new_.insert(std::move(id));
  ++at->second.mentions;
  return at->second;
}

void OtherProcesses::take(Folder& folder, const SegmentName& file, const JournalEntry& entry) {
  ++read_;
  const auto spending = [](const UsageRecord& record) {
    return Spending{record.key, record.team, record.started,
                    record.cost.amount.value_or(PicoUsd{})};
  };
  if (const auto* extend = std::get_if<Extend>(&entry)) {
    const auto known = attempts_.find({extend->request.str(), extend->attempt});
    if (known == attempts_.end() || known->second.settled || !extend->reserved) return;
    PicoUsd& amount = mention(folder, file, known->first).spending.amount;
    amount = std::max(amount, *extend->reserved);
  } else if (const auto* record = std::get_if<UsageRecord>(&entry)) {
    Attempt& attempt = mention(folder, file, {record->request.str(), record->attempt});
    attempt.settled = true;
    // Whose it is, is told by its hold already.
    if (attempt.mentions == 1) attempt.spending = spending(*record);
    attempt.spending.amount = record->cost.amount.value_or(PicoUsd{});
  } else if (const auto* hold = std::get_if<Hold>(&entry)) {
    Attempt& attempt = mention(folder, file, {hold->request.str(), hold->attempt});
    if (attempt.mentions == 1) {
      attempt.spending = spending(interrupted(*hold));
    } else if (!attempt.settled && hold->reserved) {
      // Carried over from another file, perhaps as it was before it was extended.
      attempt.spending.amount = std::max(attempt.spending.amount, *hold->reserved);
    }
  }
}

// What nothing speaks of any more is in the ledger, or stands in a file that is read next.
void OtherProcesses::drop(Folder& folder, const SegmentName& file) {
  const auto said = folder.says.find(file);
  if (said == folder.says.end()) return;
  for (const AttemptId& id : said->second) {
    const auto at = attempts_.find(id);
    if (--at->second.mentions > 0) continue;
    count(at->second, false);
    new_.erase(id);
    attempts_.erase(at);
  }
  folder.says.erase(said);
}

config::Result<void> OtherProcesses::ask_ledger() {
  const auto ledger = LedgerReader::open(database_, kPatience);
  if (!ledger) return ledger.error();
  // What came into the ledger since the last look, or may have been in it before.
  const auto newest = (*ledger)->newest_row();
  if (!newest) return newest.error();
  if (last_row_ && *last_row_ < *newest) {
    const auto booked = (*ledger)->attempts_after(*last_row_);
    if (!booked) return booked.error();
    read_ += booked->size();
    for (const AttemptId& id : *booked) {
      const auto known = attempts_.find(id);
      if (known != attempts_.end()) count(known->second, false);
    }
  }
  last_row_ = *newest;
  while (!new_.empty()) {
    const AttemptId& id = *new_.begin();
    const auto cost = (*ledger)->cost(config::RequestId(id.first), id.second);
    if (!cost) return cost.error();
    if (!*cost) count(attempts_.at(id), true);
    new_.erase(new_.begin());
  }
  return {};
}

void OtherProcesses::count(Attempt& attempt, bool counts) {
  if (std::exchange(attempt.counts, counts) == counts) return;
  const auto change = [&](Open& open) {
    if (counts) {
      open.insert(&attempt);
    } else {
      open.erase(&attempt);
    }
    return open.empty();
  };
  const std::string& key = attempt.spending.key.str();
  const std::string& team = attempt.spending.team.str();
  change(everyones_);
  if (change(by_key_[key])) by_key_.erase(key);
  if (change(by_team_[team])) by_team_.erase(team);
}

PicoUsd OtherProcesses::spent(const AccountId& account, config::Clock::Wall since) const {
  const std::lock_guard lock(mutex_);
  const Open* open = &everyones_;
  if (account.kind != AccountKind::gateway) {
    const auto& by_name = account.kind == AccountKind::key ? by_key_ : by_team_;
    const auto found = by_name.find(account.name);
    if (found == by_name.end()) return {};
    open = &found->second;
  }
  PicoUsd sum;
  for (const Attempt* attempt : *open) {
    if (attempt->spending.started < since) continue;
    sum = config::checked_add(sum, attempt->spending.amount).value_or(sum);
  }
  return sum;
}

std::uint64_t OtherProcesses::read() const {
  const std::lock_guard lock(mutex_);
  return read_;
}

}  // namespace gateway
