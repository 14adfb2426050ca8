#include "gateway/chat/meter.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "providers/estimate.h"

namespace gateway::chat {
namespace {

using config::Result;
using providers::Source;

std::chrono::microseconds micros(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

std::string_view outcome_of(const config::Error& error, bool content_flowed) {
  if (error.code == config::ErrorCode::client_left) return "client_left";
  if (content_flowed) return "truncated";
  switch (error.fault()) {
    case config::Fault::client:
      return "client_error";
    case config::Fault::upstream:
      return "upstream_error";
    case config::Fault::gateway:
      return "gateway_error";
  }
  return "gateway_error";
}

}  // namespace

Meter::Meter(RecordSink& sink, const config::Clock& clock, RequestSummary summary,
             limits::Slot slot)
    : sink_(sink),
      clock_(clock),
      began_(clock.now()),
      unwinding_(std::uncaught_exceptions()),
      summary_(std::move(summary)),
      slot_(std::move(slot)) {
  summary_.outcome = "client_left";
  summary_.cost = {config::PicoUsd{0}, Source::reported};
}

Meter::~Meter() {
  if (std::uncaught_exceptions() > unwinding_) {
    failed(500, config::failure(config::ErrorCode::internal, "", "exception"));
  }
  const auto total = clock_.now() - began_;
  summary_.duration = micros(total);
  summary_.overhead = micros(total - waited_);
  slot_.used(tokens_);
  sink_.request_done(summary_);
}

void Meter::first_token() {
  if (!summary_.first_token) summary_.first_token = micros(clock_.now() - began_);
}

void Meter::answered(unsigned status) {
  summary_.status = status;
  summary_.outcome = "ok";
}

void Meter::failed(unsigned status, const config::Error& error) {
  summary_.status = status;
  summary_.outcome = outcome_of(error, summary_.first_token.has_value());
  summary_.error = error.code;
  summary_.error_detail = error.detail;
}

void Meter::turned_away(std::string_view target) {
  if (summary_.attempts == 0 && summary_.target.empty()) {
    summary_.target = config::TargetName(std::string(target));
  }
}

AttemptMeter::AttemptMeter(Meter& meter, const config::Target& target,
                           const providers::ChatRequest& chat, Stake stake)
    : meter_(meter),
      target_(target),
      chat_(chat),
      began_(meter.clock_.now()),
      stake_(std::move(stake)),
      covered_tokens_(stake_.reserved.tokens.output_tokens) {
  RequestSummary& request = meter.summary_;
  ++request.attempts;
  request.provider = target.provider;
  request.target = target.name;
  hold_.request = request.request;
  hold_.attempt = request.attempts;
  hold_.key = request.key;
  hold_.team = request.team;
  hold_.model = request.model;
  hold_.provider = target.provider;
  hold_.target = target.name;
  hold_.operation = request.operation;
  hold_.streamed = request.streamed;
  hold_.tags = request.tags;
  hold_.started = stake_.started;
  hold_.reserved = stake_.reserved.amount;
  hold_.prompt_tokens = stake_.reserved.tokens.prompt_tokens;
  record_ = record_of(hold_);
}

AttemptMeter::~AttemptMeter() {
  const bool ours = std::uncaught_exceptions() > meter_.unwinding_;
  const auto why = ours ? config::ErrorCode::internal : config::ErrorCode::client_left;
  if (!settled_) failed(config::failure(why, ""), content_flowed());
}

Result<void> AttemptMeter::begin() {
  auto written_down = meter_.sink_.attempt_begins(hold_);
  if (!written_down) {
    // Nothing is owed and nothing is to be recorded: it never began.
    settled_ = true;
    --meter_.summary_.attempts;
  }
  return written_down;
}

Result<void> AttemptMeter::cover(std::int64_t delivered) {
  if (delivered <= covered_tokens_ || !hold_.reserved) return {};
  // A whole step, or where that is more than there is, just what is needed.
  const std::int64_t missing = delivered - covered_tokens_;
  for (const std::int64_t more : {std::max(stake_.step, missing), missing}) {
    const config::PicoUsd amount = stake_.reserved.cost_of_more(more);
    auto extended = stake_.hold.extend(amount);
    if (!extended && more > missing) continue;
    if (!extended) return extended;
    covered_tokens_ += more;
    hold_.reserved = config::checked_add(*hold_.reserved, amount);
    return meter_.sink_.attempt_extended(hold_);
  }
  return {};
}

void AttemptMeter::asked_with(int key) {
  record_.upstream_key = key;
  meter_.summary_.upstream_key = key;
}

void AttemptMeter::upstream_names(std::string_view model, std::string_view id) {
  record_.upstream_model = model;
  record_.upstream_id = id;
}

void AttemptMeter::first_content() {
  if (!record_.first_content) {
    const auto now = meter_.clock_.now();
    record_.first_content = micros(now - began_);
    stopwatch_.first_content(*record_.first_content, now);
  }
  meter_.first_token();
}

void AttemptMeter::ok(const providers::Usage& usage) {
  providers::Usage known = usage;
  if (known.tokens == Source::unknown) known = best_known();
  settle(Outcome::ok, known);
}

void AttemptMeter::drained(const providers::Usage& usage) {
  record_.error = config::ErrorCode::client_left;
  settle(Outcome::client_left, usage.tokens == Source::unknown ? best_known() : usage);
}

void AttemptMeter::stopped() {
  providers::Usage known = best_known();
  // What came beyond the hold has not been shown.
  if (known.tokens == Source::estimated && known.completion) {
    known.completion = std::min(*known.completion, covered_tokens_);
  }
  settle(Outcome::stopped, known);
}

void AttemptMeter::failed(const config::Error& error, bool content_flowed) {
  record_.error = error.code;
  if (!record_.first_content) {
    const auto now = meter_.clock_.now();
    stopwatch_.nothing_came(error, micros(now - began_), now);
  }
  const bool left = error.code == config::ErrorCode::client_left;
  if (refused_in_words_ && !content_flowed) {
    record_.cost = {config::PicoUsd{0}, Source::reported};
    return settle(left ? Outcome::client_left : Outcome::failed, {});
  }
  if (content_flowed && !left) return settle(Outcome::truncated, best_known());
  record_.maybe_billed = written_;
  settle(left ? Outcome::client_left : Outcome::failed, best_known());
}

// The upstream's own count where it gave one; else a guess from the request and
// from what was delivered, for a request that reached the wire.
providers::Usage AttemptMeter::best_known() const {
  providers::Usage known = told_;
  if (decoder_ != nullptr) known = decoder_->usage();
  if (known.tokens == Source::reported || !written_) return known;
  const providers::DeliveredText nothing;
  const auto& delivered = decoder_ != nullptr ? decoder_->delivered() : nothing;
  providers::Usage guess = providers::estimated_usage(chat_, target_.tokenizer, delivered);
  guess.price_variant = known.price_variant;
  return guess;
}

void AttemptMeter::settle(Outcome outcome, const providers::Usage& usage) {
  if (std::exchange(settled_, true)) return;
  record_.outcome = outcome;
  record_.usage = usage;
  // An answer that broke off has a receipt too, and needs it most.
  if (decoder_ != nullptr && record_.upstream_id.empty()) {
    record_.upstream_id = decoder_->upstream_id();
  }
  // What a pattern stood for, where no answer says who made it.
  const bool pattern = target_.name.view().find('*') != std::string_view::npos;
  if (pattern && record_.upstream_model.empty()) record_.upstream_model = target_.model;
  record_.duration = micros(meter_.clock_.now() - began_);
  if (!record_.cost.amount) {
    record_.cost = written_ ? providers::cost_of(usage, target_.price ? &*target_.price : nullptr)
                            : providers::Cost{config::PicoUsd{0}, Source::reported};
  }
  if (target_.price && usage.tokens != Source::unknown) {
    record_.priced = providers::priced(usage, *target_.price);
  }
  const auto settled = stake_.hold.settle(record_.cost.amount.value_or(config::PicoUsd{0}));
  record_.overrun = settled.passed_a_budget;
  meter_.tokens_ += usage.prompt.value_or(0) + usage.completion.value_or(0);
  // Of attempts that ran beside each other, the one that answered is settled last.
  RequestSummary& request = meter_.summary_;
  request.provider = target_.provider;
  request.target = target_.name;
  request.upstream_key = record_.upstream_key;
  request.cost = providers::sum(request.cost, record_.cost);
  request.usage = usage;
  meter_.sink_.attempt_done(record_);
}

}  // namespace gateway::chat
