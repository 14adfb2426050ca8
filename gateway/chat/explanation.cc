#include "gateway/chat/explanation.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "gateway/chat/target_order.h"

namespace gateway::chat {
namespace {

using providers::JsonWriter;
using upstream::Phase;

constexpr Phase kPhases[] = {Phase::lookup, Phase::connect,    Phase::tls,
                             Phase::send,   Phase::first_byte, Phase::body};

double to_ms(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string_view name_of(Phase phase) {
  return upstream::kPhaseNames[static_cast<std::size_t>(phase)];
}

void write_ms(JsonWriter& json, std::string_view name, std::chrono::nanoseconds time) {
  json.raw_member(name, fmt::format("{:.3f}", to_ms(time)));
}

// The word for why a target cannot have a request before it is asked.
std::string_view why_not(config::ErrorCode code) {
  using enum config::ErrorCode;
  switch (code) {
    case budget_exceeded:
      return "budget";
    case price_unknown:
      return "price_unknown";
    case overloaded:
      return "journal_full";
    default:
      return "cannot_serve";
  }
}

}  // namespace

void Explanation::skip(std::string_view target, std::string_view why,
                       std::optional<config::ErrorCode> code) {
  steps_.push_back({.target = target, .outcome = "skipped", .why = why, .code = code});
}

void Explanation::passed_over(std::string_view target, const config::Error& why) {
  skip(target, why_not(why.code), why.code);
}

void Explanation::held(std::string_view target) {
  skip(target, "held");
}

void Explanation::resting(std::string_view target, const config::Error& why) {
  skip(target, "circuit_open", why.code);
}

void Explanation::without_key(std::string_view target, const config::Error& why) {
  skip(target, "keys_rest", why.code);
}

void Explanation::cannot_go_on(std::string_view target, const config::Error& broke) {
  skip(target, "cannot_go_on", broke.code);
}

void Explanation::no_help(std::string_view target, const config::Error& after) {
  const bool overflow = after.code == config::ErrorCode::context_length;
  skip(target, overflow ? "larger_window_needed" : "same_for_all", after.code);
}

// Those that ended, those that run, the oldest first, and those it never came to.
std::vector<Explanation::Step> Explanation::all() const {
  std::vector<Step> out = steps_;
  const auto ended = static_cast<std::ptrdiff_t>(out.size());
  for (const ExplainedAttempt* one = running_; one != nullptr; one = one->before_) {
    out.insert(out.begin() + ended, one->step());
  }
  for (const RouteTarget& target : route_.targets) {
    const std::string_view name = target.target.name.view();
    const auto told = [&](const Step& step) { return step.target == name; };
    if (std::any_of(out.begin(), out.end(), told)) continue;
    const auto& only = routing_.only;
    const bool named = only.empty() || std::find(only.begin(), only.end(), &target) != only.end();
    Step step{.target = name, .outcome = "skipped"};
    if (!named) {
      step.why = "not_named";
    } else if (!serves(target.target.can, operation_)) {
      step.why = "cannot_serve";
    } else if (!nobody_else_.empty()) {
      step.why = nobody_else_;
    } else {
      step.outcome = "not_needed";
    }
    out.push_back(step);
  }
  return out;
}

void Explanation::write(JsonWriter& json, const Step& step) {
  json.begin_object().member("target", step.target).member("outcome", step.outcome);
  if (!step.why.empty()) json.member("why", step.why);
  if (step.code) json.member("code", config::to_string(*step.code));
  if (!step.phase.empty()) json.member("in", step.phase);
  if (step.times.current()) {
    json.member("reused", step.reused);
    json.key("ms").begin_object();
    for (const Phase phase : kPhases) {
      const auto time = step.times.of(phase, step.at);
      if (time) write_ms(json, name_of(phase), *time);
    }
    if (step.first_content) write_ms(json, "first_content", *step.first_content);
    write_ms(json, "total", step.total);
    json.end_object();
  }
  json.end_object();
}

void Explanation::append(std::string& out, const Step& step) {
  const auto into = std::back_inserter(out);
  fmt::format_to(into, "{}{} {}", out.empty() ? "" : "; ", step.target, step.outcome);
  if (!step.why.empty()) fmt::format_to(into, " {}", step.why);
  if (step.code) fmt::format_to(into, " {}", config::to_string(*step.code));
  if (!step.phase.empty()) fmt::format_to(into, " in {}", step.phase);
  if (!step.times.current()) return;
  out += " (";
  for (const Phase phase : kPhases) {
    const auto time = step.times.of(phase, step.at);
    if (time) fmt::format_to(into, "{} {:.1f}, ", name_of(phase), to_ms(*time));
  }
  if (step.first_content) {
    fmt::format_to(into, "first_content {:.1f}, ", to_ms(*step.first_content));
  }
  fmt::format_to(into, "total {:.1f} ms{})", to_ms(step.total), step.reused ? ", reused" : "");
}

std::string Explanation::text() const {
  std::string out;
  for (const Step& step : all()) {
    if (step.outcome != "not_needed") append(out, step);
  }
  return out;
}

// Each that was asked, once, in the order of their ends.
std::vector<std::string_view> Explanation::tried() const {
  std::vector<std::string_view> out;
  for (const Step& step : steps_) {
    if (step.outcome != "failed") continue;
    if (std::find(out.begin(), out.end(), step.target) == out.end()) out.push_back(step.target);
  }
  return out;
}

std::string Explanation::members(bool of_an_error) const {
  std::string out;
  JsonWriter json(out);
  if (const auto names = tried(); of_an_error && names.size() > 1) {
    json.key("tried").begin_array();
    for (const std::string_view name : names) json.value(name);
    json.end_array();
  }
  if (!asked_) return out;
  json.key("explain").begin_object();
  json.member("order", config::to_string(routing_.order.value_or(route_.model->order)));
  json.key("targets").begin_array();
  for (const Step& step : all()) write(json, step);
  json.end_array().end_object();
  return out;
}

void Explanation::append_comment(providers::Body& out) const {
  if (asked_) out.own(fmt::format(": tollgate {{{}}}\n\n", members(false)));
}

ExplainedAttempt::ExplainedAttempt(Explanation& explanation, std::string_view target,
                                   const upstream::Exchange& exchange, const AttemptMeter& meter,
                                   const config::Clock& clock)
    : explanation_(explanation),
      target_(target),
      exchange_(exchange),
      meter_(meter),
      clock_(clock),
      before_(explanation.running_) {
  explanation.running_ = this;
}

ExplainedAttempt::~ExplainedAttempt() {
  // Attempts may end in another order than they began.
  ExplainedAttempt** place = &explanation_.running_;
  while (*place != this) place = &(*place)->before_;
  *place = before_;
  if (failed_ || explanation_.asked_) explanation_.steps_.push_back(step());
}

void ExplainedAttempt::answers(providers::Body& last, bool stream) {
  answers_ = true;
  if (!explanation_.asked_) return;
  const std::string text = last.str();
  const auto place = text.rfind(stream ? "data: [DONE]" : "}");
  if (place == std::string::npos) return;
  last.clear();
  last.own(text.substr(0, place));
  if (stream) {
    explanation_.append_comment(last);
  } else {
    last.own(fmt::format(R"(,"tollgate":{{{}}})", explanation_.members(false)));
  }
  last.own(text.substr(place));
}

void ExplainedAttempt::ended(const config::Result<void>& done) {
  answers_ = done.has_value();
  if (!done) failed_ = done.error().code;
}

Explanation::Step ExplainedAttempt::step() const {
  Explanation::Step out{.target = target_, .outcome = "under_way"};
  out.at = clock_.now();
  out.times = exchange_.times();
  out.reused = exchange_.reused();
  out.first_content = meter_.first_content_after();
  out.total = out.at - meter_.began();
  if (answers_) out.outcome = "answered";
  if (!failed_) return out;
  out.outcome = failed_ == config::ErrorCode::outpaced ? "outpaced" : "failed";
  out.code = failed_;
  const auto phase = out.times.current();
  if (phase) out.phase = name_of(*phase);
  const bool awaited = meter_.streamed() && !meter_.was_refused_in_words();
  if (phase == Phase::body && awaited && !out.first_content) out.phase = "first_content";
  return out;
}

}  // namespace gateway::chat
