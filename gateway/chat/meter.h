#pragma once
// Turns what happened into records: exactly one UsageRecord per attempt and one
// RequestSummary per request, on every path out, cancellation included. On the
// request's coroutine frame; its worker's thread.

#include <chrono>
#include <cstddef>
#include <optional>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/chat/reservation.h"
#include "gateway/chat/stopwatch.h"
#include "gateway/ledger/record_sink.h"
#include "gateway/limits/limiter.h"
#include "providers/adapter.h"

namespace gateway::chat {

class Meter {
 public:
  // `summary` says who asked for what; the rest is filled in here. `slot` is its place among
  // the requests of its key, given back at the end.
  Meter(RecordSink& sink, const config::Clock& clock, RequestSummary summary,
        limits::Slot slot = {});
  // Hands the summary over.
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  // The first content byte goes out to the client now.
  void first_token();
  // How it ended, as the client saw it.
  void answered(unsigned status);
  void failed(unsigned status, const config::Error& error);

  // `target` was not asked, since it or its keys rest: the first such is what a request without an
  // attempt failed of.
  void turned_away(std::string_view target);
  // What came of going on with a stream that broke off; a word of tollgate_rescues_total.
  void rescue(std::string_view what) { summary_.rescue = what; }
  // What came of a second target asked beside the first; a word of tollgate_hedges_total.
  void hedge(std::string_view what) { summary_.hedge = what; }
  // What the client has of an answer that several attempts made.
  void answered_in_all(const providers::Usage& usage) { summary_.usage = usage; }

  // Content has been shown: nobody else may answer any more. (A head alone, or a comment
  // to keep the client waiting, is not content.)
  bool content_shown() const { return summary_.first_token.has_value(); }
  config::Clock::Steady now() const { return clock_.now(); }
  // What all attempts that have ended cost.
  const providers::Cost& spent() const { return summary_.cost; }
  const RequestSummary& summary() const { return summary_; }

 private:
  friend class AttemptMeter;
  friend class Waiting;

  RecordSink& sink_;
  const config::Clock& clock_;
  const config::Clock::Steady began_;
  std::chrono::nanoseconds waited_{0};
  int waiters_ = 0;  // two where attempts run beside each other
  config::Clock::Steady waits_since_{};
  const int unwinding_;  // exceptions in flight at the start: more of them at the end is our bug
  RequestSummary summary_;
  limits::Slot slot_;
  std::int64_t tokens_ = 0;  // of all attempts
};

// While it lives, time is somebody else's: the upstream's or the client's.
class Waiting {
 public:
  explicit Waiting(Meter& meter) : meter_(meter) {
    if (meter_.waiters_++ == 0) meter_.waits_since_ = meter_.clock_.now();
  }
  ~Waiting() {
    if (--meter_.waiters_ == 0) meter_.waited_ += meter_.clock_.now() - meter_.waits_since_;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Meter& meter_;
};

// What was set aside for an attempt, and how to set aside more.
struct Stake {
  Reservation reserved;
  limits::BudgetHold hold;
  config::Clock::Wall started;  // which windows it counts in
  std::int64_t step = 0;        // output tokens that a stream asks for at a time
};

// One attempt, settled once; what leaves scope unsettled was cut off by the client, or
// by an exception, which is our bug.
class AttemptMeter {
 public:
  // `chat` is what an estimate is made from where nobody counts; it and `target` outlive this.
  AttemptMeter(Meter& meter, const config::Target& target, const providers::ChatRequest& chat,
               Stake stake);
  ~AttemptMeter();
  AttemptMeter(const AttemptMeter&) = delete;
  AttemptMeter& operator=(const AttemptMeter&) = delete;

  // Writes down what is set aside; first of all. An Error: nothing may be sent.
  config::Result<void> begin();

  // Which of the provider's keys is asked with; 0: it has one.
  void asked_with(int key);
  // Whose counts grow while a stream flows; read when settling, so it outlives this.
  void watch(const providers::StreamDecoder& decoder) { decoder_ = &decoder; }
  // Who keeps how soon this target begins its answers; nullptr: nobody.
  void times(upstream::AnswerLatency* latency) { stopwatch_.times(latency); }
  // The request reached the wire: without a verdict it may be billed.
  void written() { written_ = true; }
  void upstream_names(std::string_view model, std::string_view id);
  void first_content();
  bool content_flowed() const { return record_.first_content.has_value(); }
  // After which time that was; nullopt: there is none yet.
  std::optional<std::chrono::microseconds> first_content_after() const {
    return record_.first_content;
  }

  // Before what a stream has brought is shown: sets more aside where that is needed. An Error
  // (budget_exceeded): nothing more may be shown.
  config::Result<void> cover(std::int64_t delivered_tokens);

  // What an answer that nobody can read says of its usage.
  void told(const providers::Usage& usage) { told_ = usage; }
  // The upstream said in words that it refuses: such an attempt costs nothing.
  void refused_in_words() { refused_in_words_ = true; }
  bool was_refused_in_words() const { return refused_in_words_; }
  config::Clock::Steady began() const { return began_; }
  bool streamed() const { return record_.streamed; }
  // Of its request's, from 1.
  int number() const { return record_.attempt; }

  // Read to its end for a client that has left.
  void drained(const providers::Usage& usage);
  // Delivered whole.
  void ok(const providers::Usage& usage);
  // Ended by us because the money was used up; the client has all of it that it will get.
  void stopped();
  // The client has left, and that is what was done about it.
  void client_gone(config::OnClientGone what) { record_.client_gone = what; }
  // Ended early, before or after content was relayed.
  void failed(const config::Error& error, bool content_flowed);

 private:
  void settle(Outcome outcome, const providers::Usage& usage);
  providers::Usage best_known() const;

  Meter& meter_;
  const config::Target& target_;
  const providers::ChatRequest& chat_;
  const config::Clock::Steady began_;
  Stopwatch stopwatch_;
  Stake stake_;
  std::int64_t covered_tokens_ = 0;
  Hold hold_;
  UsageRecord record_;
  const providers::StreamDecoder* decoder_ = nullptr;
  providers::Usage told_;
  bool written_ = false;
  bool refused_in_words_ = false;
  bool settled_ = false;
};

}  // namespace gateway::chat
