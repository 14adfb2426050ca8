#include "gateway/chat/meter.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "providers/estimate.h"

namespace gateway::chat {
namespace {

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

// The sum of two attempts is as sure as the less sure of them; what one of them
// does not know, the sum does not know.
providers::Cost sum(const providers::Cost& a, const providers::Cost& b) {
  if (!a.amount || !b.amount) return {};
  const auto amount = config::checked_add(*a.amount, *b.amount);
  if (!amount) return {};
  return {amount, std::max(a.source, b.source)};
}

}  // namespace

Meter::Meter(RecordSink& sink, const config::Clock& clock, RequestSummary summary)
    : sink_(sink),
      clock_(clock),
      began_(clock.now()),
      unwinding_(std::uncaught_exceptions()),
      summary_(std::move(summary)) {
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

AttemptMeter::AttemptMeter(Meter& meter, const config::Target& target,
                           const providers::ChatRequest& chat)
    : meter_(meter), target_(target), chat_(chat), began_(meter.clock_.now()) {
  RequestSummary& request = meter.summary_;
  ++request.attempts;
  request.provider = target.provider;
  request.target = target.name;
  record_.request = request.request;
  record_.attempt = request.attempts;
  record_.key = request.key;
  record_.team = request.team;
  record_.model = request.model;
  record_.provider = target.provider;
  record_.target = target.name;
  record_.operation = request.operation;
  record_.streamed = request.streamed;
  record_.started = meter.clock_.wall();
}

AttemptMeter::~AttemptMeter() {
  const bool ours = std::uncaught_exceptions() > meter_.unwinding_;
  const auto why = ours ? config::ErrorCode::internal : config::ErrorCode::client_left;
  if (!settled_) failed(config::failure(why, ""), meter_.content_shown());
}

void AttemptMeter::upstream_names(std::string_view model, std::string_view id) {
  record_.upstream_model = model;
  record_.upstream_id = id;
}

void AttemptMeter::first_content() {
  if (!record_.first_content) record_.first_content = micros(meter_.clock_.now() - began_);
  meter_.first_token();
}

void AttemptMeter::ok(const providers::Usage& usage) {
  providers::Usage known = usage;
  if (known.tokens == Source::unknown) known = best_known();
  settle(Outcome::ok, known);
}

void AttemptMeter::failed(const config::Error& error, bool content_flowed) {
  record_.error = error.code;
  if (error.code == config::ErrorCode::client_left) {
    record_.maybe_billed = written_;
    return settle(Outcome::client_left, best_known());
  }
  if (content_flowed) return settle(Outcome::truncated, best_known());
  if (refused_in_words_) {
    record_.cost = {config::PicoUsd{0}, Source::reported};
    return settle(Outcome::failed, {});
  }
  record_.maybe_billed = written_;
  settle(Outcome::failed, best_known());
}

// The upstream's own count where it gave one; else a guess from the request and
// from what was delivered, for a request that reached the wire.
providers::Usage AttemptMeter::best_known() const {
  providers::Usage known;
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
  record_.duration = micros(meter_.clock_.now() - began_);
  if (!record_.cost.amount) {
    record_.cost = written_ ? providers::cost_of(usage, target_.price ? &*target_.price : nullptr)
                            : providers::Cost{config::PicoUsd{0}, Source::reported};
  }
  RequestSummary& request = meter_.summary_;
  request.cost = sum(request.cost, record_.cost);
  request.usage = usage;
  meter_.sink_.attempt_done(record_);
}

}  // namespace gateway::chat
