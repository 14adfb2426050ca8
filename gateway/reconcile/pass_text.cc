#include "gateway/reconcile/pass_text.h"

#include <vector>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/ledger/csv.h"
#include "providers/wire/json_writer.h"

namespace gateway::reconcile {
namespace {

using providers::JsonWriter;

template <class Amount>
std::string money(const std::optional<Amount>& amount) {
  return amount ? to_usd(*amount) : "";
}

std::optional<config::PicoUsd> receipt_of(const Finding& finding) {
  return finding.receipt ? std::optional(finding.receipt->cost) : std::nullopt;
}

std::string_view dash(std::string_view text) {
  return text.empty() ? "-" : text;
}

// By how much the receipts are above our prices: 0.02 is 2%. Nothing where ours is nothing.
std::optional<double> drift(const Totals& totals) {
  const MoneySum ours = totals.ours.value_or(0);
  if (ours == 0) return std::nullopt;
  return static_cast<double>(totals.receipts - ours) / static_cast<double>(ours);
}

template <class Amount>
void member(JsonWriter& json, std::string_view name, const std::optional<Amount>& amount) {
  json.key(name);
  amount ? json.value(to_usd(*amount)) : json.null();
}

}  // namespace

std::string table_heading() {
  return fmt::format("{:<20}  {:<32}  {:<28}  {:>14} {:<9}  {:>14}  {:>14}  {:>14}  {}\n", "began",
                     "request", "model", "booked", "", "our price", "in its answer", "receipt",
                     "verdict");
}

std::string table_line(const Finding& finding) {
  const UsageRecord& record = finding.before;
  std::string request = record.request.str();
  if (record.attempt > 1) request += fmt::format("/{}", record.attempt);
  std::string verdict(to_string(finding.verdict));
  if (!finding.why.empty()) verdict += ": " + finding.why;
  return fmt::format("{:<20}  {:<32}  {:<28}  {:>14} {:<9}  {:>14}  {:>14}  {:>14}  {}\n",
                     config::rfc3339(record.started, "UTC").substr(0, 19), request,
                     record.model.view(), dash(money(record.cost.amount)),
                     providers::to_string(record.cost.source), dash(money(finding.ours)),
                     dash(money(record.usage.reported_cost)), dash(money(receipt_of(finding))),
                     verdict);
}

std::string table_summary(const Outcomes& outcomes, bool dry_run) {
  std::string out;
  for (const auto& [name, totals] : outcomes.totals) {
    out += fmt::format("{} at {}: {} receipts; ours {}, in answers {}, receipts {}", name.second,
                       name.first, totals.attempts, dash(money(totals.ours)),
                       dash(money(totals.in_answer)), to_usd(totals.receipts));
    if (const auto share = drift(totals)) out += fmt::format(" ({:+.2f}%)", *share * 100);
    out += '\n';
  }
  std::string counts;
  for (const auto& [verdict, count] : outcomes.counts) {
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, to_string(verdict));
    if (verdict == Verdict::no_id) {
      counts += fmt::format(" to ask by ({} USD booked)", to_usd(outcomes.no_id_booked));
    }
  }
  if (outcomes.without_receipts > 0) {
    counts += fmt::format("{}{} at upstreams that give no receipts", counts.empty() ? "" : ", ",
                          outcomes.without_receipts);
  }
  return out + (counts.empty() ? "Nothing to ask for" : counts) +
         (dry_run ? "; nothing was booked (dry run).\n" : ".\n");
}

std::string csv_heading() {
  const std::vector<std::string> names{
      "request", "attempt",       "at",   "provider",  "model",   "target",  "upstream_id",
      "booked",  "booked_source", "ours", "in_answer", "receipt", "verdict", "why"};
  return gateway::csv_line(std::span<const std::string>(names));
}

std::string csv_line(const Finding& finding) {
  const UsageRecord& record = finding.before;
  const std::vector<std::string> fields{record.request.str(),
                                        std::to_string(record.attempt),
                                        config::rfc3339(record.started, "UTC"),
                                        record.provider.str(),
                                        record.model.str(),
                                        record.target.str(),
                                        record.upstream_id,
                                        money(record.cost.amount),
                                        std::string(providers::to_string(record.cost.source)),
                                        money(finding.ours),
                                        money(record.usage.reported_cost),
                                        money(receipt_of(finding)),
                                        std::string(to_string(finding.verdict)),
                                        finding.why};
  return gateway::csv_line(std::span<const std::string>(fields));
}

std::string finding_json(const Finding& finding) {
  const UsageRecord& record = finding.before;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("request", record.request.view()).member("attempt", record.attempt);
  json.member("at", config::rfc3339(record.started, "UTC"));
  json.member("provider", record.provider.view()).member("model", record.model.view());
  json.member("target", record.target.view()).member("upstream_id", record.upstream_id);
  json.key("booked").begin_object();
  member(json, "cost", record.cost.amount);
  json.member("source", providers::to_string(record.cost.source)).end_object();
  member(json, "ours", finding.ours);
  member(json, "in_answer", record.usage.reported_cost);
  member(json, "receipt", receipt_of(finding));
  json.member("verdict", to_string(finding.verdict));
  json.key("why");
  finding.why.empty() ? json.null() : json.value(finding.why);
  json.end_object();
  return out;
}

std::string summary_json(const Outcomes& outcomes, bool dry_run) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("dry_run", dry_run).key("counts").begin_object();
  for (const auto& [verdict, count] : outcomes.counts) json.member(to_string(verdict), count);
  json.end_object().member("without_receipts", outcomes.without_receipts);
  json.member("no_id_booked", to_usd(outcomes.no_id_booked));
  json.key("totals").begin_array();
  for (const auto& [name, totals] : outcomes.totals) {
    json.begin_object().member("provider", name.first).member("model", name.second);
    json.member("attempts", totals.attempts).member("booked", to_usd(totals.booked));
    member(json, "ours", totals.ours);
    member(json, "in_answer", totals.in_answer);
    json.member("receipts", to_usd(totals.receipts)).key("drift");
    const auto share = drift(totals);
    share ? json.value(fmt::format("{:.4f}", *share)) : json.null();
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace gateway::reconcile
