#include "gateway/ledger/drift_watch.h"

#include <algorithm>

#include "gateway/ledger/second_opinion.h"
#include "gateway/log.h"

namespace gateway {
namespace {

bool looks_stale(const Drift& drift) {
  const MoneySum most = std::max(drift.priced, drift.reported);
  const MoneySum apart = most - std::min(drift.priced, drift.reported);
  return drift.attempts >= DriftWatch::kFewest && most >= DriftWatch::kLeast &&
         apart * 100 > drift.priced * DriftWatch::kPercent;
}

}  // namespace

DriftWatch::Seen& DriftWatch::seen(const UsageRecord& record) {
  const auto now = clock_.now();
  const auto [found, is_new] =
      seen_.try_emplace({record.provider.str(), record.model.str()}, Seen{});
  Seen& seen = found->second;
  if (is_new || now - seen.since >= kSpan) {
    seen = Seen{};
    seen.since = now;
    seen.sums.provider = record.provider.str();
    seen.sums.model = record.model.str();
  }
  return seen;
}

void DriftWatch::saw(const UsageRecord& record) {
  if (reported_free_though_paid(record)) {
    Seen& model = seen(record);
    if (std::exchange(model.told_zero, true)) return;
    Drift zero = model.sums;
    zero.reported_zero = true;
    return tell_(zero);
  }
  const auto both = two_opinions(record);
  if (!both) return;
  Seen& model = seen(record);
  ++model.sums.attempts;
  model.sums.priced += both->priced.value;
  model.sums.reported += both->reported.value;
  if (model.told_stale || !looks_stale(model.sums)) return;
  model.told_stale = true;
  tell_(model.sums);
}

void log_drift(const Drift& drift) {
  if (drift.reported_zero) {
    log::warn("a paid answer is reported to cost nothing; our price counts",
              {{"provider", drift.provider}, {"model", drift.model}});
    return;
  }
  log::warn("prices look stale: the provider bills something else",
            {{"provider", drift.provider},
             {"model", drift.model},
             {"attempts", drift.attempts},
             {"ours_usd", to_usd(drift.priced)},
             {"reported_usd", to_usd(drift.reported)}});
}

}  // namespace gateway
