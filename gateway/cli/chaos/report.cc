#include "gateway/cli/chaos/report.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "providers/wire/json_writer.h"

namespace gateway::cli::chaos {
namespace {

std::string_view shape_of(const Trial& trial) {
  return trial.streamed ? "streamed" : "whole";
}

std::string seen_by_client(const Seen& seen) {
  switch (seen.end) {
    case Seen::End::whole:
      return "the answer";
    case Seen::End::refused:
      return fmt::format("{} {}", seen.status, seen.code);
    case Seen::End::broken:
      return fmt::format("a part, then {}", seen.code);
    case Seen::End::other:
      return "another answer";
    case Seen::End::silent:
      break;
  }
  return seen.status == 0 ? "nothing" : "a part, then nothing";
}

std::string cost_of(const Finding& finding) {
  return finding.cost ? config::to_usd(*finding.cost) : "unknown";
}

// What the limit would be outside of a drill, where that is longer.
std::string took(const Finding& finding) {
  std::string text = fmt::format("{} ms", finding.seen.took.count());
  if (finding.trial.limit > kLongestLimit) {
    text +=
        fmt::format(" (else {:.4g} s)", std::chrono::duration<double>(finding.trial.limit).count());
  }
  return text;
}

void append_line(std::string& out, const Finding& finding) {
  out += fmt::format("  {:<28} {:<9} {:<34} {:<40} {:<20} {}\n", finding.trial.failure->told,
                     shape_of(finding.trial), seen_by_client(finding.seen),
                     finding.answered.empty() ? "-" : finding.answered, took(finding),
                     cost_of(finding));
}

std::size_t count(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(findings, verdict, verdict_of));
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::survived:
      return "survived";
    case Verdict::nobody_else:
      return "nobody_else";
    case Verdict::told:
      return "told";
    case Verdict::lost:
      return "lost";
    case Verdict::dishonest:
      break;
  }
  return "dishonest";
}

Verdict verdict_of(const Finding& finding) {
  switch (finding.seen.end) {
    case Seen::End::whole:
      return Verdict::survived;
    case Seen::End::broken:
      // Whether the others can go on is theirs; that they must not is the operator's word.
      return finding.trial.others > 0 && !finding.trial.rescued ? Verdict::lost : Verdict::told;
    case Seen::End::refused:
      return finding.trial.others > 0 ? Verdict::lost : Verdict::nobody_else;
    case Seen::End::other:
    case Seen::End::silent:
      break;
  }
  return Verdict::dishonest;
}

bool is_bad(Verdict verdict) {
  return verdict == Verdict::lost || verdict == Verdict::dishonest;
}

std::string table_of(const std::vector<Finding>& findings) {
  std::string out;
  const Trial* before = nullptr;
  for (const Finding& finding : findings) {
    const Trial& trial = finding.trial;
    if (before == nullptr || before->route != trial.route || before->failing != trial.failing) {
      out += fmt::format("{}{}: {} fails, {} left\n", before == nullptr ? "" : "\n", trial.route,
                         trial.failing,
                         trial.others == 0   ? "nobody is"
                         : trial.others == 1 ? "another is"
                                             : fmt::format("{} others are", trial.others));
      out += fmt::format("  {:<28} {:<9} {:<34} {:<40} {:<20} {}\n", "failure", "asked",
                         "the client sees", "who answered", "after", "cost (USD)");
    }
    before = &trial;
    append_line(out, finding);
  }
  out += fmt::format(
      "\n{} failures: {} survived, {} refused with nobody else there, {} broken off behind some "
      "content and told so, {} to mend.\n",
      findings.size(), count(findings, Verdict::survived), count(findings, Verdict::nobody_else),
      count(findings, Verdict::told),
      count(findings, Verdict::lost) + count(findings, Verdict::dishonest));
  return out;
}

std::string json_of(const std::vector<Finding>& findings) {
  std::string out;
  providers::JsonWriter json(out);
  json.begin_object().key("trials").begin_array();
  for (const Finding& finding : findings) {
    const Trial& trial = finding.trial;
    json.begin_object()
        .member("model", trial.route)
        .member("failing", trial.failing)
        .member("failure", trial.failure->name)
        .member("streamed", trial.streamed)
        .member("others", trial.others)
        .member("status", finding.seen.status)
        .member("code", finding.seen.code)
        .member("verdict", to_string(verdict_of(finding)))
        .member("answered", finding.answered)
        .member("attempts", finding.attempts)
        .member("took_ms", finding.seen.took.count())
        .member("limit_ms", trial.limit.count())
        .member("cost_usd", cost_of(finding))
        .end_object();
  }
  json.end_array().member("to_mend",
                          count(findings, Verdict::lost) + count(findings, Verdict::dishonest));
  json.end_object();
  return out + "\n";
}

std::string complaints_of(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    const Verdict verdict = verdict_of(finding);
    if (!is_bad(verdict)) continue;
    const Trial& trial = finding.trial;
    out += fmt::format("{}, {} ({}, {}): {}{}\n", trial.route, trial.failing, trial.failure->told,
                       shape_of(trial), seen_by_client(finding.seen),
                       verdict != Verdict::lost ? ""
                       : finding.seen.end == Seen::End::broken
                           ? ", and `rescue: off` keeps the others from going on"
                           : ", though another target was left");
  }
  return out;
}

}  // namespace gateway::cli::chaos
