#include "gateway/chat/key_choice.h"

#include <algorithm>
#include <utility>

#include "gateway/log.h"

namespace gateway::chat {

using config::Error;
using config::ErrorCode;
using std::chrono::milliseconds;
using upstream::KeyPool;

KeyChoice::KeyChoice(Circuit& circuit, const config::Target& target, const config::Clock& clock)
    : circuit_(circuit), target_(target), clock_(clock) {
  KeyPool* const pool = keys() > 1 ? circuit.keys() : nullptr;
  if (pool == nullptr) return;
  for (; position_ < keys(); ++position_) {
    const auto [permit, trial] = pool->ask(position_, key(), clock.now());
    if (permit == KeyPool::Permit::trial) trial_ = trial;
    if (permit != KeyPool::Permit::refused) return;
  }
}

KeyChoice::~KeyChoice() {
  if (trial_) circuit_.keys()->returned(position_, *trial_, clock_.now());
}

const config::Secret& KeyChoice::key_at(std::size_t position) const {
  return position == 0 ? target_.api_key : target_.further_keys[position - 1];
}

milliseconds KeyChoice::rest_for(const Error& error) const {
  switch (error.code) {
    case ErrorCode::upstream_denied:
    case ErrorCode::upstream_no_credit:
      return target_.breaker.unusable_for;
    case ErrorCode::upstream_busy:
      return std::min(error.retry_after.value_or(target_.breaker.open_for), kLongestRest);
    default:
      return milliseconds(0);
  }
}

Error KeyChoice::refusal() const {
  std::optional<KeyPool::Rest> soonest;
  for (std::size_t i = 0; i < keys(); ++i) {
    const auto rest = circuit_.keys()->rest_of(i, key_at(i), clock_.now());
    if (rest && (!soonest || rest->left < soonest->left)) soonest = rest;
  }
  Error error = config::failure(
      soonest ? soonest->why : ErrorCode::upstream_busy,
      "The upstream refuses every key of the gateway for now; try again later.", "all keys rest");
  error.retry_after = std::max(soonest ? soonest->left : milliseconds(0), milliseconds(1'000));
  return error;
}

bool KeyChoice::next_is_up(config::Result<void>& done) {
  if (keys() == 1) return false;
  const auto now = clock_.now();
  const milliseconds rest = done ? milliseconds(0) : rest_for(done.error());
  if (rest <= milliseconds(0)) {
    // Whoever answers, however badly, has taken the key.
    const bool told = done || done.error().code != ErrorCode::client_left;
    if (trial_ && told) {
      circuit_.keys()->works(position_, *trial_);
      trial_.reset();
    }
    return false;
  }
  KeyPool* const pool = circuit_.make_keys();
  if (pool == nullptr) return false;
  trial_.reset();
  Error error = std::move(done).error();
  pool->rests(position_, key(), error.code, rest, now);
  log::warn("upstream key rests", {{"target", target_.name.view()},
                                   {"position", told()},
                                   {"why", config::to_string(error.code)}});
  bool another = false;
  for (std::size_t i = 0; i < keys(); ++i) another |= !pool->rest_of(i, key_at(i), now);
  if (!another) error = none_left(std::move(error));
  done = std::move(error);
  return another;
}

// What the last one that was refused means, with all of them at rest.
Error KeyChoice::none_left(Error last) const {
  Error all = refusal();
  const bool busy = all.code == ErrorCode::upstream_busy;
  last.same_target_may_try = busy;
  if (busy) last.retry_after = all.retry_after;
  if (all.code == last.code) return last;
  all.detail = last.detail;
  all.same_target_may_try = busy;
  return all;
}

}  // namespace gateway::chat
