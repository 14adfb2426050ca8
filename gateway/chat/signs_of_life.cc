#include "gateway/chat/signs_of_life.h"

#include <algorithm>

namespace gateway::chat {

using config::Result;
using std::chrono::milliseconds;

Result<void> SignsOfLife::in_time() const {
  if (!content_due_ || request_.now() < *content_due_) return {};
  return config::failure(config::ErrorCode::upstream_timeout,
                         "The upstream did not begin its answer in time.",
                         "no content within first_content");
}

milliseconds SignsOfLife::left() const {
  constexpr std::chrono::hours kNotSoon{1};
  auto next = silent_ ? request_.now() + kNotSoon : heard_ + every_;
  if (content_due_) next = std::min(next, *content_due_);
  return std::max(std::chrono::ceil<milliseconds>(next - request_.now()), milliseconds{1});
}

Awaitable<Result<void>> SignsOfLife::ran_out() {
  if (auto good = in_time(); !good) co_return good;
  if (!due()) co_return Result<void>();
  providers::Body comment;
  comment.own(kComment);
  auto written = co_await reply_.stream(comment);
  heard();
  co_return written;
}

}  // namespace gateway::chat
