#pragma once
// How far the ledger is behind, how full the journals are, and how the budgets of teams and
// of the gateway stand. (Those of keys are many: the admin API has them.) Any thread.

#include <vector>

#include <prometheus/metric_family.h>

#include "gateway/ledger/journal_folder.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/limits/limiter.h"

namespace gateway {

// `writer`: nullptr where another process writes the ledger.
void add_ledger_metrics(const LedgerWriter* writer, const JournalFolder& journals,
                        std::vector<prometheus::MetricFamily>& families);
void add_budget_metrics(limits::Limiter& limiter, limits::Now now,
                        std::vector<prometheus::MetricFamily>& families);

}  // namespace gateway
