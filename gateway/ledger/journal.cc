#include "gateway/ledger/journal.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "gateway/log.h"

namespace gateway {
namespace {

using boost::system::error_code;
using config::ErrorCode;
using config::failure;

// A hold and its record together; far beyond any that names and tags can make, and well
// inside the smallest file.
constexpr std::size_t kLongestPair = 16UL * 1024;
// While the disk refuses a new file, it is not asked at every request.
constexpr auto kAskAgain = std::chrono::milliseconds(100);
constexpr auto kRetryAfter = std::chrono::seconds(1);

std::uint64_t attempt_key(const config::RequestId& request, int attempt) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  return std::hash<std::string_view>{}(request.view()) + static_cast<std::uint64_t>(attempt) * kOdd;
}

void count(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

Journal::Journal(JournalFolder& folder, int worker, const config::Clock& clock)
    : folder_(folder), worker_(worker), clock_(clock), ask_again_(clock.now()) {}

Journal::~Journal() {
  write_backlog();
  if (!backlog_.empty()) {
    log::error("records could not be journalled",
               {{"worker", worker_}, {"records", backlog_.size()}, {"reason", why_}});
  }
  if (current_) current_->seal();
  for (const auto& spare : spares_) spare->seal();
}

config::Result<void> Journal::hold(const Hold& hold) {
  fill_frame(hold);
  const std::size_t reserve = longest_record(hold) + kFrameOverhead;
  if (frame_.size() + reserve > kLongestPair) {
    return failure(ErrorCode::internal, "The request cannot be recorded.",
                   "its names and tags are too long for the journal");
  }
  if (!make_room(reserve) || !write(frame_)) return refuse();
  took();
  count(counts_.holds);
  auto& mine = open_[attempt_key(hold.request, hold.attempt)];
  reserved_ += reserve - std::exchange(mine, reserve);
  largest_ = std::max(largest_, reserve);
  return {};
}

config::Result<void> Journal::extend(const Extend& extend) {
  fill_frame(extend);
  if (!make_room(0) || !write(frame_)) return refuse();
  took();
  return {};
}

void Journal::settle(const UsageRecord& record) {
  fill_frame(record);
  if (frame_.size() > kLongestPair) {
    // No record of a hold is; longer ones than any file takes would not be read back.
    UsageRecord shorter = record;
    shorter.tags.clear();
    fill_frame(shorter);
  }
  const auto held = open_.find(attempt_key(record.request, record.attempt));
  if (held != open_.end()) {
    reserved_ -= held->second;
    open_.erase(held);
    if (open_.empty()) largest_ = 0;
  } else {
    // Nobody set room aside for it: it should not take what others did.
    (void)make_room(0);
  }
  // In order: an earlier record does not wait behind a later one.
  if (!write_backlog() || !write_anywhere(frame_)) backlog_.push_back(frame_);
}

template <class Entry>
void Journal::fill_frame(const Entry& entry) {
  frame_.assign(4, '\0');
  encode(entry, frame_);
  frame_.append(4, '\0');
}

bool Journal::make_room(std::size_t reserve) {
  if (frame_.size() + reserve > kLongestPair) {
    why_ = "names and tags are too long for the journal";
    return false;
  }
  if (!write_backlog()) return false;
  if (current_ && current_->distrusted()) next_segment();
  for (;;) {
    if (!current_) {
      if (spares_.empty() && !add_segment()) return false;
      next_segment();
    }
    if (leaves_room(reserve)) return true;
    if (reserved_ == 0) {
      // Nobody needs what is left of it; the ledger's thread can take it away.
      next_segment();
    } else if (!add_segment()) {
      return false;
    }
  }
}

bool Journal::leaves_room(std::size_t reserve) const {
  const std::size_t size = frame_.size();
  // Each file may end in less than one record's length of unused room.
  const std::size_t waste = std::max(largest_, reserve);
  std::size_t room = 0;
  bool placed = false;
  const auto look_at = [&](const Segment& segment) {
    std::size_t left = segment.left();
    if (!placed) {
      if (left < size) return;
      placed = true;
      left -= size;
    }
    if (left > waste) room += left - waste;
  };
  look_at(*current_);
  for (const auto& spare : spares_) look_at(*spare);
  return placed && (room >= reserved_ + reserve);
}

bool Journal::write(std::string& frame) {
  while (current_) {
    if (current_->left() >= frame.size()) {
      error_code error;
      if (current_->append(frame, error)) return true;
      count(counts_.failed_writes);
      why_ = error.message();
      log::error("journal write failed",
                 {{"worker", worker_}, {"file", current_->path().native()}, {"reason", why_}});
    }
    next_segment();
  }
  return false;
}

bool Journal::write_anywhere(std::string& frame) {
  if (write(frame)) return true;
  if (!add_segment()) return false;
  next_segment();
  return write(frame);
}

bool Journal::write_backlog() {
  while (!backlog_.empty()) {
    if (!write_anywhere(backlog_.front())) return false;
    backlog_.pop_front();
  }
  return true;
}

bool Journal::add_segment() {
  if (clock_.now() < ask_again_) return false;
  auto made = folder_.new_segment(writer_of(worker_));
  if (!made) {
    why_ = made.error().detail;
    ask_again_ = clock_.now() + kAskAgain;
    return false;
  }
  spares_.push_back(*std::move(made));
  return true;
}

void Journal::next_segment() {
  if (current_) current_->seal();
  current_.reset();
  if (spares_.empty()) return;
  current_ = std::move(spares_.front());
  spares_.pop_front();
}

config::Result<void> Journal::refuse() {
  count(counts_.refused);
  if (!std::exchange(refusing_, true)) {
    log::error("journal takes no more holds", {{"worker", worker_}, {"reason", why_}});
  }
  auto error =
      failure(ErrorCode::overloaded,
              "The gateway cannot record usage right now; try again shortly.", "journal: " + why_);
  error.retry_after = kRetryAfter;
  return error;
}

void Journal::took() {
  if (std::exchange(refusing_, false)) {
    log::info("journal takes holds again", {{"worker", worker_}});
  }
}

}  // namespace gateway
