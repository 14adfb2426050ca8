#include "gateway/chat/turns.h"

#include <algorithm>

namespace gateway::chat {

std::optional<Turn> Turns::next() {
  if (at_once_) return std::exchange(at_once_, std::nullopt);
  const auto soonest =
      std::min_element(waiting_.begin(), waiting_.end(), [](const Turn& a, const Turn& b) {
        const bool a_first = a.target->target.retries.before_next;
        const bool b_first = b.target->target.retries.before_next;
        return a_first != b_first ? a_first : a.at < b.at;
      });
  const bool waits = soonest != waiting_.end();
  if (waits && (!others() || soonest->target->target.retries.before_next)) {
    const Turn turn = *soonest;
    waiting_.erase(soonest);
    return turn;
  }
  if (others() || spare_.empty()) return beside();
  const Turn turn = spare_.back();
  spare_.pop_back();
  return turn;
}

std::optional<Turn> Turns::beside() {
  if (at_once_) return std::exchange(at_once_, std::nullopt);
  if (!others()) return std::nullopt;
  return Turn{.target = order_[asked_++]};
}

void Turns::with_next_key(const Turn& turn) {
  at_once_ = turn;
  ++at_once_->keys;
}

void Turns::again(const Turn& turn, config::Clock::Steady at, upstream::RetryBudget& budget) {
  waiting_.push_back(
      {.target = turn.target, .retries = turn.retries + 1, .at = at, .budget = &budget});
}

}  // namespace gateway::chat
