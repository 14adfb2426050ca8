#pragma once
// Turns what happened into records: exactly one UsageRecord per attempt and one
// RequestSummary per request, on every path out, cancellation included. On the
// request's coroutine frame; its worker's thread.

#include <chrono>
#include <cstddef>
#include <optional>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/ledger/record_sink.h"
#include "providers/adapter.h"

namespace gateway::chat {

class Meter {
 public:
  // `summary` says who asked for what; the rest is filled in here.
  Meter(RecordSink& sink, const config::Clock& clock, RequestSummary summary);
  // Hands the summary over.
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // The first content byte goes out to the client now.
  void first_token();
  // How it ended, as the client saw it.
  void answered(unsigned status);
  void failed(unsigned status, const config::Error& error);

  // Content has been shown: nobody else may answer any more. (A head alone, or a comment
  // to keep the client waiting, is not content.)
  bool content_shown() const { return summary_.first_token.has_value(); }
  config::Clock::Steady now() const { return clock_.now(); }
  // What all attempts so far cost; nullopt: unknown.
  std::optional<config::PicoUsd> cost() const { return summary_.cost.amount; }
  const RequestSummary& summary() const { return summary_; }

 private:
  friend class AttemptMeter;
  friend class Waiting;

  RecordSink& sink_;
  const config::Clock& clock_;
  const config::Clock::Steady began_;
  std::chrono::nanoseconds waited_{0};
  const int unwinding_;  // exceptions in flight at the start: more of them at the end is our bug
  RequestSummary summary_;
};

// While it lives, time is somebody else's: the upstream's or the client's.
class Waiting {
 public:
  explicit Waiting(Meter& meter) : meter_(meter), since_(meter.clock_.now()) {}
  ~Waiting() { meter_.waited_ += meter_.clock_.now() - since_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Meter& meter_;
  const config::Clock::Steady since_;
};

// One attempt, settled once; what leaves scope unsettled was cut off by the client, or
// by an exception, which is our bug.
class AttemptMeter {
 public:
  // `chat` is what an estimate is made from where nobody counts; both outlive this.
  AttemptMeter(Meter& meter, const config::Target& target, const providers::ChatRequest& chat);
  ~AttemptMeter();
  AttemptMeter(const AttemptMeter&) = delete;
  AttemptMeter& operator=(const AttemptMeter&) = delete;

  // Whose counts grow while a stream flows; read when settling, so it outlives this.
  void watch(const providers::StreamDecoder& decoder) { decoder_ = &decoder; }
  // The request reached the wire: without a verdict it may be billed.
  void written() { written_ = true; }
  void upstream_names(std::string_view model, std::string_view id);
  void first_content();

  // The upstream said in words that it refuses: such an attempt costs nothing.
  void refused_in_words() { refused_in_words_ = true; }

  // Delivered whole.
  void ok(const providers::Usage& usage);
  // Ended early, before or after content was relayed.
  void failed(const config::Error& error, bool content_flowed);

 private:
  void settle(Outcome outcome, const providers::Usage& usage);
  providers::Usage best_known() const;

  Meter& meter_;
  const config::Target& target_;
  const providers::ChatRequest& chat_;
  const config::Clock::Steady began_;
  UsageRecord record_;
  const providers::StreamDecoder* decoder_ = nullptr;
  bool written_ = false;
  bool refused_in_words_ = false;
  bool settled_ = false;
};

}  // namespace gateway::chat
