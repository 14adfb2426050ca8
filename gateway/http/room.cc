#include "gateway/http/room.h"

#include <limits>

namespace gateway::http {

namespace {

std::size_t most_requests(const config::Server& limits) {
  const std::size_t most = limits.max_requests_in_flight;
  return most > 0 ? most : std::numeric_limits<std::size_t>::max();
}

}  // namespace

bool Bound::take(std::size_t amount) {
  const std::size_t most = most_.load(std::memory_order_relaxed);
  std::size_t taken = taken_.load(std::memory_order_relaxed);
  // Not added first and taken back after: what is too large would meanwhile refuse what is not.
  do {
    if (taken > most || amount > most - taken) {
      refusals_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!taken_.compare_exchange_weak(taken, taken + amount, std::memory_order_relaxed));
  return true;
}

bool Bound::Part::grow_to(std::size_t amount) {
  if (bound_ == nullptr || amount <= amount_) return true;
  if (!bound_->take(amount - amount_)) return false;
  amount_ = amount;
  return true;
}

void Bound::Part::give_back() {
  if (amount_ > 0) bound_->give_back(amount_);
  amount_ = 0;
}

Room::Room(const config::Server& limits)
    : requests(most_requests(limits)), body_bytes(limits.max_buffered_bytes) {}

void Room::allow(const config::Server& limits) {
  requests.allow(most_requests(limits));
  body_bytes.allow(limits.max_buffered_bytes);
}

}  // namespace gateway::http
