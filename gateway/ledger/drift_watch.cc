#include "gateway/ledger/drift_watch.h"

#include <algorithm>

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

DriftWatch::Seen& DriftWatch::seen(const UsageRecord& record, ToldBy by) {
  const auto now = clock_.now();
  const auto [found, is_new] =
      seen_.try_emplace({record.provider.str(), record.model.str(), by}, Seen{});
  Seen& seen = found->second;
  if (is_new || now - seen.since >= kSpan) {
    seen = Seen{};
    seen.since = now;
    seen.sums.provider = record.provider.str();
    seen.sums.model = record.model.str();
    seen.sums.by = by;
  }
  return seen;
}

void DriftWatch::saw(const UsageRecord& record) {
  if (reported_free_though_paid(record)) {
    Seen& model = seen(record, ToldBy::answer);
    if (std::exchange(model.told_zero, true)) return;
    Drift zero = model.sums;
    zero.reported_zero = true;
    return tell_(zero);
  }
  const auto both = two_opinions(record);
  if (both) compare(seen(record, ToldBy::answer), *both);
}

void DriftWatch::saw_receipt(const UsageRecord& record, const TwoOpinions& both) {
  compare(seen(record, ToldBy::receipt), both);
}

void DriftWatch::compare(Seen& model, const TwoOpinions& both) {
  ++model.sums.attempts;
  model.sums.priced += both.priced.value;
  model.sums.reported += both.reported.value;
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
             {"told_by", to_string(drift.by)},
             {"attempts", drift.attempts},
             {"ours_usd", to_usd(drift.priced)},
             {"reported_usd", to_usd(drift.reported)}});
}

}  // namespace gateway
