#include "gateway/chat/departure.h"

namespace gateway::chat {
namespace {

// Decisions 23.
constexpr std::chrono::milliseconds kLongestDrain{30'000};
constexpr int kMostDrains = 256;

}  // namespace

Departure::Departure(http::Reply& reply, upstream::Exchange& exchange, AttemptMeter& attempt,
                     SignsOfLife& signs, Deadlines& deadlines, std::atomic<int>& drains,
                     config::OnClientGone what)
    : exchange_(exchange),
      attempt_(attempt),
      signs_(signs),
      drains_(drains),
      what_(what),
      limit_(
          deadlines, [](void* exchange) { static_cast<upstream::Exchange*>(exchange)->cancel(); },
          &exchange),
      watch_(reply, [this] { left(); }, [this] { cut(); }) {}

Departure::~Departure() {
  if (draining_) drains_.fetch_sub(1, std::memory_order_relaxed);
}

void Departure::left() {
  const bool wanted = what_ == config::OnClientGone::drain;
  if (wanted && drains_.fetch_add(1, std::memory_order_relaxed) < kMostDrains) {
    draining_ = true;
    signs_.silence();
    limit_.set(kLongestDrain);
  } else {
    if (wanted) drains_.fetch_sub(1, std::memory_order_relaxed);
    exchange_.cancel();
  }
  attempt_.client_gone(draining_ ? config::OnClientGone::drain : config::OnClientGone::cancel);
}

// The gateway goes: nothing is read to its end any more.
void Departure::cut() {
  exchange_.cancel();
  attempt_.client_gone(config::OnClientGone::cancel);
}

}  // namespace gateway::chat
