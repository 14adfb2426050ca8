#include "gateway/reconcile/without_id.h"

#include <fmt/format.h>

namespace gateway::reconcile {

void WithoutId::saw(const UsageRecord& record) {
  if (known_.size() >= kMost) return;
  const MoneySum cost = record.cost.amount.value_or(config::PicoUsd{}).value;
  const auto name = fmt::format("{}/{}", record.request.view(), record.attempt);
  if (known_.try_emplace({record.started, name}, cost).second) booked_ += cost;
}

void WithoutId::forget_before(config::Clock::Wall moment) {
  while (!known_.empty() && known_.begin()->first.first < moment) {
    booked_ -= known_.begin()->second;
    known_.erase(known_.begin());
  }
}

}  // namespace gateway::reconcile
