#include "gateway/deadlines.h"

#include <algorithm>

namespace gateway {

using detail::DeadlineLink;

namespace {

void make_empty(DeadlineLink& list) {
  list.previous = list.next = &list;
}

void unlink(DeadlineLink& link) {
  link.previous->next = link.next;
  link.next->previous = link.previous;
  link.previous = link.next = nullptr;
}

void append(DeadlineLink& list, DeadlineLink& link) {
  link.previous = list.previous;
  link.next = &list;
  list.previous->next = &link;
  list.previous = &link;
}

}  // namespace

void Deadline::set(std::chrono::milliseconds from_now) {
  clear();
  wheel_.insert(*this, from_now);
}

void Deadline::clear() {
  if (pending()) wheel_.remove(*this);
}

Deadlines::Deadlines(net::io_context& io, const config::Clock& clock)
    : clock_(clock), origin_(clock.now()), timer_(io) {
  for (DeadlineLink& slot : slots_) make_empty(slot);
}

Deadlines::~Deadlines() = default;

std::uint64_t Deadlines::tick_of(config::Clock::Steady time) const {
  return time <= origin_ ? 0 : static_cast<std::uint64_t>((time - origin_) / kTick);
}

void Deadlines::insert(Deadline& deadline, std::chrono::milliseconds from_now) {
  const config::Clock::Steady now = clock_.now();
  // An idle wheel stands still: bring it to the present before something new hangs on it.
  if (pending_ == 0) passed_tick_ = std::max(passed_tick_, tick_of(now));
  // The tick that has begun when the time comes ended before it: one more, never early.
  deadline.due_tick_ = std::max(tick_of(now + from_now), passed_tick_) + 1;
  append(slots_[deadline.due_tick_ % kSlots], deadline);
  ++pending_;
  if (!armed_) arm();
}

void Deadlines::remove(Deadline& deadline) {
  unlink(deadline);
  --pending_;
}

void Deadlines::advance(config::Clock::Steady now) {
  const std::uint64_t now_tick = tick_of(now);
  if (now_tick <= passed_tick_) return;

  DeadlineLink due;
  make_empty(due);
  const std::uint64_t turns = std::min<std::uint64_t>(now_tick - passed_tick_, kSlots);
  for (std::uint64_t i = 1; i <= turns; ++i) {
    DeadlineLink& slot = slots_[(passed_tick_ + i) % kSlots];
    for (DeadlineLink* link = slot.next; link != &slot;) {
      auto& deadline = static_cast<Deadline&>(*link);
      link = link->next;
      if (deadline.due_tick_ > now_tick) continue;
      unlink(deadline);
      append(due, deadline);
    }
  }
  passed_tick_ = now_tick;

  // A callback may clear or destroy any deadline, those waiting here included: each
  // unlinks itself, so only the list's own head may be held across a call.
  while (due.next != &due) {
    auto& deadline = static_cast<Deadline&>(*due.next);
    remove(deadline);
    deadline.expired_(deadline.subject_);
  }
}

void Deadlines::arm() {
  armed_ = true;
  timer_.expires_after(kTick);
  timer_.async_wait([this](error_code error) {
    if (error) return;
    armed_ = false;
    advance(clock_.now());
    if (pending_ > 0 && !armed_) arm();
  });
}

}  // namespace gateway
