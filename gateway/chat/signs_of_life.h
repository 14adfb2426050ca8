#pragma once
// Keeps the client of a stream company: where nothing has gone out for long enough, it
// gets its head and a comment, while another target may still answer. One per streamed
// request, on its coroutine's frame; its worker's thread.

#include <chrono>
#include <optional>
#include <string_view>

#include "gateway/chat/meter.h"
#include "gateway/http/reply.h"
#include "gateway/upstream/patience.h"

namespace gateway::chat {

class SignsOfLife final : public upstream::Patience {
 public:
  using Steady = config::Clock::Steady;

  static constexpr std::string_view kComment = ": still here\n\n";

  // Without a byte for `every`, a comment is due. Both outlive this.
  SignsOfLife(http::Reply& reply, const Meter& request, std::chrono::milliseconds every)
      : reply_(reply), request_(request), every_(every), heard_(request.now()) {}

  // Something goes out now.
  void heard() { heard_ = request_.now(); }
  bool due() const { return !silent_ && request_.now() - heard_ >= every_; }
  // Nobody listens any more.
  void silence() { silent_ = true; }

  // The attempt fails where it has shown nothing by then; nullopt: it has, or may take longer.
  void content_due(std::optional<Steady> at) { content_due_ = at; }
  // upstream_timeout once that moment has passed.
  config::Result<void> in_time() const;

  std::chrono::milliseconds left() const override;
  Awaitable<config::Result<void>> ran_out() override;

 private:
  http::Reply& reply_;
  const Meter& request_;
  const std::chrono::milliseconds every_;
  Steady heard_;
  std::optional<Steady> content_due_;
  bool silent_ = false;
};

}  // namespace gateway::chat
