#include "gateway/ledger/retirement.h"

#include <algorithm>
#include <utility>

#include "gateway/ledger/time_cover.h"

namespace gateway {

bool Retirement::add(Row row) {
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
    return wait(std::move(row));
  }
  // Attempts that end out of order are not a day apart, and a correction says when its attempt
  // began, however late it is written.
  constexpr std::int64_t kOutOfOrder = kDay * kMicrosPerSecond;
  const bool dated_later = !waiting_.empty();
  if (dated_later && (row.correction || earliest_ - row.started <= kOutOfOrder)) {
    return wait(std::move(row));
  }
  if (ahead_ > 0) {
    --ahead_;
    return wait(std::move(row));
  }
  for (Row& one : waiting_) take(std::move(one));
  waiting_.clear();
  earliest_ = std::numeric_limits<std::int64_t>::max();
  take(std::move(row));
  return count_ < at_most_;
}

bool Retirement::wait(Row row) {
  if (count_ + waiting_.size() < at_most_) waiting_.push_back(std::move(row));
  return true;
}

void Retirement::take(Row row) {
  if (count_ == at_most_) return;
  ++count_;
  if (row.started < before_) {
    through_ = std::max(through_, row.started);
  } else {
    misdated_.insert(slot_of(row.started, kDay));
  }
  last_ = std::move(row);
}

}  // namespace gateway
