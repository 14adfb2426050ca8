#include "gateway/chat/signs_of_life.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/limits/duration_text.h"

namespace gateway::chat {

using config::Result;
using std::chrono::milliseconds;

namespace {

constexpr std::string_view kComment = ": still here\n\n";
constexpr std::chrono::hours kNotSoon{1};

}  // namespace

SignsOfLife::Steady SignsOfLife::next() const {
  return silent_ || speaking_ ? now() + kNotSoon : heard_ + every_;
}

Awaitable<Result<void>> SignsOfLife::speak() {
  if (now() < next()) co_return Result<void>();
  providers::Body comment;
  comment.own(kComment);
  speaking_ = true;
  auto written = co_await reply_.stream(comment);
  speaking_ = false;
  heard();
  co_return written;
}

Result<void> AttemptPatience::in_time() const {
  if (!content_due_ || signs_.now() < *content_due_) return {};
  return config::failure(
      config::ErrorCode::upstream_timeout, "The upstream did not begin its answer in time.",
      fmt::format("no content within first_content ({})", limits::duration_text(within_)));
}

milliseconds AttemptPatience::left() const {
  auto next = signs_.next();
  if (content_due_) next = std::min(next, *content_due_);
  return std::max(std::chrono::ceil<milliseconds>(next - signs_.now()), milliseconds{1});
}

Awaitable<Result<void>> AttemptPatience::ran_out() {
  if (auto good = in_time(); !good) co_return good;
  co_return co_await signs_.speak();
}

}  // namespace gateway::chat
