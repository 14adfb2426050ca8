#include "gateway/chat/contest.h"

namespace gateway::chat {

using config::Result;

config::Error outpaced() {
  return config::failure(config::ErrorCode::outpaced, "Another target was faster.", "outpaced");
}

void Contest::call_off() {
  for (Entry* one = newest_; one != nullptr; one = one->before_) {
    one->lost_ = true;
    one->exchange_.cancel();
  }
}

Contest::Entry::Entry(Contest& contest, upstream::Exchange& exchange)
    : contest_(contest), exchange_(exchange), before_(contest.newest_) {
  contest.newest_ = this;
}

Contest::Entry::~Entry() {
  Entry** place = &contest_.newest_;
  while (*place != this) place = &(*place)->before_;
  *place = before_;
  if (contest_.left_) contest_.left_->announce();
}

bool Contest::Entry::wins_alone() {
  if (lost_ || contest_.newest_ != this || before_ != nullptr) return false;
  contest_.decided_ = true;
  return true;
}

Awaitable<Result<void>> Contest::Entry::win() {
  if (lost_) co_return outpaced();
  contest_.decided_ = true;
  contest_.left_.emplace(contest_.executor_);
  for (Entry* one = contest_.newest_; one != nullptr; one = one->before_) {
    if (one == this) continue;
    one->lost_ = true;
    one->exchange_.cancel();
  }
  while (!wins_alone()) {
    if (lost_) co_return outpaced();
    co_await contest_.left_->wait();
  }
  co_return Result<void>();
}

}  // namespace gateway::chat
