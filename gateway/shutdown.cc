#include "gateway/shutdown.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "gateway/log.h"

namespace gateway {
namespace {

using std::chrono::milliseconds;

// Clients that take what they are told do so within milliseconds.
constexpr milliseconds kLastWords{1'000};
// What has been cut ends as fast.
constexpr milliseconds kPatienceWithOurselves{5'000};

}  // namespace

void Shutdown::drain(milliseconds at_most) {
  if (stage_ != Stage::serving) return hurry();
  log::info("draining", {{"at_most_ms", at_most.count()}});
  begin();
  then(at_most, &Shutdown::hurry);
}

void Shutdown::begin() {
  stage_ = Stage::draining;
  draining_.store(true, std::memory_order_relaxed);
  still_draining_ = workers_.size();
  for (auto& worker : workers_) {
    worker->drain([this] { net::post(control_, [this] { one_drained(); }); });
  }
}

void Shutdown::hurry() {
  if (stage_ == Stage::serving) begin();
  if (stage_ != Stage::draining) return cut();
  stage_ = Stage::hurried;
  log::warn("no more time: telling clients, and ending what is open", {});
  for (auto& worker : workers_) worker->hurry();
  then(kLastWords, &Shutdown::cut);
}

void Shutdown::cut() {
  if (stage_ == Stage::cut) return;
  stage_ = Stage::cut;
  log::warn("cutting what does not end", {});
  for (auto& worker : workers_) worker->cut();
  then(kPatienceWithOurselves, &Shutdown::finish);
}

void Shutdown::finish() {
  timer_.cancel();
  done_();
}

void Shutdown::then(milliseconds from_now, void (Shutdown::*next)()) {
  timer_.expires_after(from_now);
  timer_.async_wait([this, next](error_code cancelled) {
    if (!cancelled) (this->*next)();
  });
}

void Shutdown::one_drained() {
  if (--still_draining_ == 0) finish();
}

}  // namespace gateway
