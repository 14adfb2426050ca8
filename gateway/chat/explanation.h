#pragma once
// What became of a route's targets in one request: who was asked, who was passed over and why, and
// which wait took how long. Told to a client that asks for it (`x-tollgate-explain: true`) and to
// the log where the request failed. Holds names, codes and times; never what a client or an
// upstream said. Of a request that went well and that nobody asks about, nothing is kept.
//
// On the request's frame, which outlives its attempts'; its worker's thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/order.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/routing_override.h"
#include "gateway/routing_table.h"
#include "gateway/upstream/exchange.h"
#include "providers/chat_request.h"
#include "providers/wire/body.h"
#include "providers/wire/json_writer.h"

namespace gateway::chat {

class ExplainedAttempt;

class Explanation {
 public:
  // All outlive this.
  Explanation(bool asked, const Route& route, const RoutingOverride& routing,
              providers::Operation operation)
      : asked_(asked), route_(route), routing_(routing), operation_(operation) {}
  Explanation(const Explanation&) = delete;
  Explanation& operator=(const Explanation&) = delete;

  // The client wants to have it.
  bool asked() const { return asked_; }

  // Not asked, since it could not serve the request, or must not be paid.
  void passed_over(std::string_view target, const config::Error& why);
  // Not asked since it was taken out of use by hand.
  void held(std::string_view target);
  // Not asked since it failed a moment ago.
  void resting(std::string_view target, const config::Error& why);
  // Not asked since each of its provider's keys was refused a moment ago.
  void without_key(std::string_view target, const config::Error& why);
  // Not asked since what another answered would be no different here.
  void no_help(std::string_view target, const config::Error& after);
  // Not asked since it cannot go on with an answer that broke off with `broke`.
  void cannot_go_on(std::string_view target, const config::Error& broke);

  // No further one is asked: `why` is content_shown or deadline.
  void nobody_else(std::string_view why) { nobody_else_ = why; }

  // For a failed request's log: one line; empty where no target came into it.
  std::string text() const;
  // The members of an answer's `tollgate`: who was tried, where an error was answered and several
  // were; all of it where it was asked for. Empty: there is nothing to tell.
  std::string members(bool of_an_error) const;
  // Behind what `out` holds, where it was asked for: an SSE comment with the same.
  void append_comment(providers::Body& out) const;

 private:
  friend class ExplainedAttempt;

  struct Step {
    std::string_view target;
    std::string_view outcome;   // answered, under_way, failed, outpaced, skipped or not_needed
    std::string_view why = {};  // of one that was skipped
    std::optional<config::ErrorCode> code = std::nullopt;
    std::string_view phase = {};  // where a failed one was
    bool reused = false;          // its connection
    upstream::PhaseTimes times = {};
    std::optional<std::chrono::microseconds> first_content = std::nullopt;
    std::chrono::nanoseconds total{0};
    config::Clock::Steady at = {};  // when it was looked at
  };

  void skip(std::string_view target, std::string_view why,
            std::optional<config::ErrorCode> code = std::nullopt);
  std::vector<Step> all() const;
  std::vector<std::string_view> tried() const;
  static void write(providers::JsonWriter& json, const Step& step);
  static void append(std::string& out, const Step& step);

  const bool asked_;
  const Route& route_;
  const RoutingOverride& routing_;
  const providers::Operation operation_;
  std::string_view nobody_else_;         // empty: none was needed
  std::vector<Step> steps_;              // of those that ended
  ExplainedAttempt* running_ = nullptr;  // the newest; each knows the one before
};

// An attempt while it runs. On its frame, behind its exchange and meter.
class ExplainedAttempt {
 public:
  // All outlive this; `target` is its configured name.
  ExplainedAttempt(Explanation& explanation, std::string_view target,
                   const upstream::Exchange& exchange, const AttemptMeter& meter,
                   const config::Clock& clock);
  ~ExplainedAttempt();
  ExplainedAttempt(const ExplainedAttempt&) = delete;
  ExplainedAttempt& operator=(const ExplainedAttempt&) = delete;

  // `last` of the answer goes out now, all of it or the end of its stream; where it was asked for,
  // the explanation is put into it.
  void answers(providers::Body& last, bool stream);
  void ended(const config::Result<void>& done);

 private:
  friend class Explanation;
  Explanation::Step step() const;

  Explanation& explanation_;
  const std::string_view target_;
  const upstream::Exchange& exchange_;
  const AttemptMeter& meter_;
  const config::Clock& clock_;
  bool answers_ = false;
  std::optional<config::ErrorCode> failed_;
  ExplainedAttempt* before_;
};

}  // namespace gateway::chat
