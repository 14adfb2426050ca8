#pragma once
// Keeps the client of a stream company: where nothing has gone out for long enough, it
// gets its head and a comment, while another target may still answer. One per request, on its
// coroutine's frame; its worker's thread.

#include <chrono>
#include <optional>
#include <string_view>

#include "gateway/chat/meter.h"
#include "gateway/http/reply.h"
#include "gateway/upstream/patience.h"

namespace gateway::chat {

class SignsOfLife {
 public:
  using Steady = config::Clock::Steady;

  // Without a byte for `every`, a comment is due. Both outlive this.
  SignsOfLife(http::Reply& reply, const Meter& request, std::chrono::milliseconds every)
      : reply_(reply), request_(request), every_(every), heard_(request.now()) {}
  SignsOfLife(const SignsOfLife&) = delete;
  SignsOfLife& operator=(const SignsOfLife&) = delete;

  // Something goes out now.
  void heard() { heard_ = request_.now(); }
  // Nobody listens any more.
  void silence() { silent_ = true; }
  bool silenced() const { return silent_; }

  Steady now() const { return request_.now(); }
  // When the next comment is due.
  Steady next() const;
  // Sends it, where it is due and is not on its way.
  Awaitable<config::Result<void>> speak();

 private:
  http::Reply& reply_;
  const Meter& request_;
  const std::chrono::milliseconds every_;
  Steady heard_;
  bool silent_ = false;
  bool speaking_ = false;
};

// What one attempt does while its upstream keeps it waiting: the client hears something, until the
// attempt's first content is due. On its frame.
class AttemptPatience final : public upstream::Patience {
 public:
  using Steady = config::Clock::Steady;

  // `signs` outlives this.
  explicit AttemptPatience(SignsOfLife& signs) : signs_(signs) {}

  // The attempt fails where it has shown nothing after so long.
  void content_due_after(std::chrono::milliseconds time) {
    within_ = time;
    content_due_ = signs_.now() + time;
  }
  // It has shown something.
  void content_came() { content_due_.reset(); }
  // upstream_timeout once that moment has passed.
  config::Result<void> in_time() const;

  std::chrono::milliseconds left() const override;
  Awaitable<config::Result<void>> ran_out() override;

 private:
  SignsOfLife& signs_;
  std::chrono::milliseconds within_{0};
  std::optional<Steady> content_due_;  // nullopt: it came, or may take longer
};

}  // namespace gateway::chat
