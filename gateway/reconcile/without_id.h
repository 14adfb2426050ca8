#pragma once
// The attempts of the last while that cost something nobody told and that have no id by which
// their upstream could be asked: interrupted ones, and those whose client left before the
// upstream said anything. One thread. Memory: one entry each, up to kMost.

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "config/base/clock.h"
#include "gateway/ledger/sums.h"
#include "gateway/ledger/usage_record.h"

namespace gateway::reconcile {

class WithoutId {
 public:
  static constexpr std::size_t kMost = 100'000;  // further ones are not counted

  // Counts once, however often it is seen.
  void saw(const UsageRecord& record);
  void forget_before(config::Clock::Wall moment);

  std::size_t attempts() const { return known_.size(); }
  MoneySum booked() const { return booked_; }

 private:
  // By when it began, its request and attempt: what it is booked at.
  std::map<std::pair<config::Clock::Wall, std::string>, MoneySum> known_;
  MoneySum booked_ = 0;
};

}  // namespace gateway::reconcile
