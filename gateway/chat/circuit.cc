#include "gateway/chat/circuit.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/log.h"

namespace gateway::chat {
namespace {

using config::ErrorCode;
using upstream::CircuitBreaker;
using Permit = CircuitBreaker::Permit;

// Twice as many as p95 asks for in the long run.
constexpr upstream::RetryBudget::Share kHedges{.percent = 10, .per_second = 1};

enum class Verdict : std::uint8_t { works, fails, slow, unusable, nothing };

// `pattern`: clients name its models, and may name one that is none.
Verdict verdict_of(const config::Error& error, bool pattern) {
  using enum ErrorCode;
  switch (error.code) {
    case upstream_rejected:
    case content_policy:
    case context_length:
      return Verdict::works;
    case upstream_busy:
    case upstream_unavailable:
    case upstream_timeout:
    case upstream_garbled:
      return Verdict::fails;
    case outpaced:
      return Verdict::slow;
    case upstream_model_missing:
      return pattern ? Verdict::works : Verdict::unusable;
    case upstream_denied:
    case upstream_no_credit:
      return Verdict::unusable;
    default:
      return Verdict::nothing;
  }
}

// What breakers call a model that a pattern stands for; empty: the target has that name itself.
std::string spelled_out(const config::Target& target, bool pattern) {
  return pattern ? fmt::format("{}/{}", target.provider.view(), target.model) : std::string();
}

bool is_open(const CircuitBreaker::Status& status) {
  return status.next_probe && *status.next_probe > std::chrono::milliseconds(0);
}

config::Error refusal_of(const CircuitBreaker::Status& status) {
  config::Error error;
  error.code = status.why.value_or(ErrorCode::upstream_unavailable);
  error.message =
      status.why ? "The upstream failed a moment ago and is left alone for now; try again later."
                 : "The upstream is out of use for now; try again later.";
  error.detail = status.why ? "its circuit is open" : "it is held";
  error.retry_after = std::max(status.next_probe.value_or(std::chrono::milliseconds(0)),
                               std::chrono::milliseconds(1'000));
  return error;
}

}  // namespace

std::optional<config::Error> resting(upstream::BreakerView& breakers, const config::Target& target,
                                     bool pattern, config::Clock::Steady now) {
  const std::string spelled = spelled_out(target, pattern);
  const std::string_view name = pattern ? std::string_view(spelled) : target.name.view();
  const CircuitBreaker* breaker = breakers.find(name);
  if (breaker == nullptr) return std::nullopt;
  const auto status = breaker->status(now);
  if (!is_open(status)) return std::nullopt;
  return refusal_of(status);
}

bool may_be_hedged(upstream::BreakerView& breakers, const config::Target& target, bool pattern,
                   config::Clock::Steady now) {
  const std::string spelled = spelled_out(target, pattern);
  const std::string_view name = pattern ? std::string_view(spelled) : target.name.view();
  CircuitBreaker* breaker = breakers.find(name);
  if (breaker == nullptr) breaker = breakers.make(name, target.name.view());
  return breaker != nullptr && breaker->hedges().take(now, kHedges);
}

Circuit::Circuit(upstream::BreakerView& breakers, const config::Target& target, bool pattern,
                 const config::Clock& clock)
    : breakers_(breakers),
      target_(target),
      pattern_(pattern),
      clock_(clock),
      spelled_(spelled_out(target, pattern)),
      name_(pattern ? std::string_view(spelled_) : target.name.view()),
      breaker_(breakers.find(name_)),
      permit_(breaker_ == nullptr ? Permit::given : breaker_->ask(clock.now())) {}

Circuit::~Circuit() {
  if (!judged_ && breaker_ != nullptr) breaker_->returned(permit_, clock_.now());
}

bool Circuit::open_at(config::Clock::Steady at) const {
  return breaker_ != nullptr && is_open(breaker_->status(at));
}

config::Error Circuit::refusal() const {
  return refusal_of(breaker_->status(clock_.now()));
}

void Circuit::judge(const config::Result<void>& done) {
  if (judged_) return;
  if (!done) return failed(done.error());
  answered();
}

void Circuit::answered() {
  judged_ = true;
  if (breaker_ == nullptr) return;
  if (!breaker_->succeeded(permit_, clock_.now(), target_.breaker)) return;
  log::warn("target answers again",
            {{"target", target_.name.view()}, {"model", std::string_view(target_.model)}});
}

upstream::KeyPool* Circuit::make_keys() {
  if (breaker_ == nullptr) breaker_ = breakers_.make(name_, target_.name.view());
  return keys();
}

void Circuit::failed(const config::Error& error) {
  const Verdict verdict = verdict_of(error, pattern_);
  if (verdict == Verdict::nothing) return;
  if (verdict == Verdict::works) return answered();
  judged_ = true;
  if (breaker_ == nullptr) breaker_ = breakers_.make(name_, target_.name.view());
  if (breaker_ == nullptr) return;
  const auto now = clock_.now();
  bool opened = false;
  if (verdict == Verdict::unusable) {
    opened = breaker_->bench(permit_, error.code, target_.breaker.unusable_for, now);
  } else if (error.code == ErrorCode::upstream_busy && error.retry_after) {
    opened = breaker_->bench(permit_, error.code, std::min(*error.retry_after, kLongestRest), now);
  } else if (verdict == Verdict::slow) {
    // One of twenty is as it should be; one after the other it hangs.
    config::Breaker in_a_row = target_.breaker;
    in_a_row.failure_share = 0;
    opened = breaker_->failed(permit_, ErrorCode::upstream_timeout, now, in_a_row);
  } else {
    opened = breaker_->failed(permit_, error.code, now, target_.breaker);
  }
  if (!opened) return;
  const auto rest = breaker_->status(now).next_probe.value_or(std::chrono::milliseconds(0));
  log::warn("target left alone", {{"target", target_.name.view()},
                                  {"model", std::string_view(target_.model)},
                                  {"why", config::to_string(error.code)},
                                  {"status", status_ > 0 ? std::optional(status_) : std::nullopt},
                                  {"rest_ms", rest.count()}});
}

}  // namespace gateway::chat
