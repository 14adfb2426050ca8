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
      watch_(reply, [this] { left(); }, [this] { hurry(); }) {
  if (reply.hurried()) hurry();
}

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

// Nothing is read to its end for nobody any more, either.
void Departure::hurry() {
  hurried_ = true;
  exchange_.cancel();
  if (client_left()) attempt_.client_gone(config::OnClientGone::cancel);
}

}  // namespace gateway::chat
