#include "gateway/ledger/retirement.h"

#include <algorithm>

#include "gateway/ledger/time_cover.h"

namespace gateway {

bool Retirement::add(const Row& row) {
  if (row.started <= now_ && ++looked_ > kLookAhead) return false;
  if (row.started >= before_) {
    // What is dated later than now is misdated for certain. Another may be just as young as it
    // says, and behind it stand an old journal that came into the ledger late, or what was written
    // while the clock was behind.
    if (row.started <= now_) {
      if (++doubtful_ > kMostDoubtful) return false;
      ++ahead_;
    }
    earliest_ = std::min(earliest_, row.started);
    return wait(row);
  }
  // Attempts that end out of order are not a day apart, and a correction says when its attempt
  // began, however late it is written.
  constexpr std::int64_t kOutOfOrder = kDay * kMicrosPerSecond;
  const bool dated_later = !waiting_.empty();
  if (dated_later && (row.correction || earliest_ - row.started <= kOutOfOrder)) {
    return wait(row);
  }
  if (ahead_ > 0) {
    --ahead_;
    return wait(row);
  }
  for (const Row& one : waiting_) take(one);
  waiting_.clear();
  earliest_ = std::numeric_limits<std::int64_t>::max();
  take(row);
  return count_ < at_most_;
}

bool Retirement::wait(const Row& row) {
  if (count_ + waiting_.size() < at_most_) waiting_.push_back(row);
  return true;
}

void Retirement::take(const Row& row) {
  if (count_ == at_most_) return;
  ++count_;
  if (row.started < before_) {
    through_ = std::max(through_, row.started);
  } else {
    misdated_.insert(slot_of(row.started, kDay));
  }
  last_ = row.id;
}

}  // namespace gateway
