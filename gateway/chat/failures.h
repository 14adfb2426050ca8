#pragma once
// What the targets of a route have failed with in one request, and so what its client is told where
// none answers. On the request's frame; its worker's thread.

#include <optional>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/chat/explanation.h"

namespace gateway::chat {

class Failures {
 public:
  // `explanation` hears of each target that is passed over; it outlives this.
  explicit Failures(Explanation& explanation) : explanation_(explanation) {}

  // `target` was asked. It outlives this.
  void failed(const config::Target& target, config::Error error);
  // Not asked since it is left alone, `held`: by hand; or since each of its keys was refused.
  void rests(std::string_view target, bool held, config::Error why);
  void without_key(std::string_view target, config::Error why);

  bool any() const { return last_.has_value(); }
  // Of those that were asked; there is one.
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): there is one
  const config::Error& last() const { return *last_; }
  // False: what was wrong with the last one would be no different with `next`.
  bool leave_a_chance(const config::Target& next);

  // Of all, what tells the client most; nullopt: there was no target to ask.
  std::optional<config::Error> told() const { return best_ ? best_ : resting_; }

 private:
  void keep(std::optional<config::Error>& best, config::Error error);

  Explanation& explanation_;
  const config::Target* target_ = nullptr;  // the last that failed
  std::optional<config::Error> last_;
  std::optional<config::Error> best_;
  std::optional<config::Error> resting_;
};

}  // namespace gateway::chat
