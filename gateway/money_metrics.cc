#include "gateway/money_metrics.h"

#include <chrono>
#include <string>
#include <utility>

namespace gateway {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily& add(std::vector<MetricFamily>& families, const char* name, const char* help,
                  MetricType type) {
  MetricFamily& family = families.emplace_back();
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void add(std::vector<MetricFamily>& families, const char* name, const char* help, MetricType type,
         double value) {
  MetricFamily& family = add(families, name, help, type);
  family.metric.emplace_back();
  family.metric.back().counter.value = value;
  family.metric.back().gauge.value = value;
}

double in_usd(config::PicoUsd amount) {
  constexpr double kPicoUsdPerUsd = 1e12;
  return static_cast<double>(amount.value) / kPicoUsdPerUsd;
}

void add_budget(MetricFamily& family, const limits::BudgetStatus& status, config::PicoUsd amount) {
  prometheus::ClientMetric metric;
  const bool team = status.account.kind == AccountKind::team;
  metric.label = {{"scope", team ? "team" : "gateway"},
                  {"name", status.account.name},
                  {"window", std::string(config::to_string(status.budget.window))}};
  metric.gauge.value = in_usd(amount);
  family.metric.push_back(std::move(metric));
}

}  // namespace

void add_ledger_metrics(const LedgerWriter* writer, const JournalFolder& journals,
                        std::vector<MetricFamily>& families) {
  const bool failing = writer == nullptr || writer->counts().failing.load();
  add(families, "tollgate_ledger_failing",
      "1 while the ledger takes nothing, as while another process writes it.", MetricType::Gauge,
      failing ? 1 : 0);
  add(families, "tollgate_journal_bytes", "What journals take on the disk.", MetricType::Gauge,
      static_cast<double>(journals.bytes_used()));
  add(families, "tollgate_journal_limit_bytes", "What they may take before requests are refused.",
      MetricType::Gauge, static_cast<double>(journals.bytes_limit()));
  if (writer == nullptr) return;

  const LedgerWriter::Counts& counts = writer->counts();
  const auto read = [](const auto& count) { return static_cast<double>(count.load()); };
  const std::chrono::duration<double> lag = writer->lag();
  add(families, "tollgate_ledger_records_total", "Records the ledger has taken from journals.",
      MetricType::Counter, read(counts.records));
  add(families, "tollgate_ledger_failures_total", "Batches that the ledger did not take at once.",
      MetricType::Counter, read(counts.failures));
  add(families, "tollgate_ledger_interrupted_total",
      "Attempts that a dead process had begun and not ended.", MetricType::Counter,
      read(counts.interrupted));
  add(families, "tollgate_journal_damaged_total", "Places in journals that could not be read.",
      MetricType::Counter, read(counts.damaged));
  add(families, "tollgate_ledger_lag_seconds", "What was journalled longer ago is in the ledger.",
      MetricType::Gauge, lag.count());
  add(families, "tollgate_ledger_lag_bytes", "Journalled, and not in the ledger yet.",
      MetricType::Gauge, static_cast<double>(writer->lag_bytes()));
}

void add_budget_metrics(limits::Limiter& limiter, limits::Now now,
                        std::vector<MetricFamily>& families) {
  add(families, "tollgate_budgets_unlearnt",
      "Budgets that know only what was spent here, because the ledger could not be asked yet.",
      MetricType::Gauge, static_cast<double>(limiter.unlearnt()));
  MetricFamily limit = {
      "tollgate_budget_limit_usd", "What a budget allows in its window.", MetricType::Gauge, {}};
  MetricFamily spent = {"tollgate_budget_spent_usd", "What of it is spent.", MetricType::Gauge, {}};
  MetricFamily held = {"tollgate_budget_held_usd",
                       "What of it is set aside for open requests.",
                       MetricType::Gauge,
                       {}};
  for (const limits::BudgetStatus& status : limiter.budgets(now)) {
    if (status.account.kind == AccountKind::key) continue;
    add_budget(limit, status, status.budget.limit);
    add_budget(spent, status, status.spent);
    add_budget(held, status, status.held);
  }
  for (MetricFamily* family : {&limit, &spent, &held}) families.push_back(std::move(*family));
}

}  // namespace gateway
