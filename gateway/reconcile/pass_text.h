#pragma once
// What a pass found, as text. Money is exact decimal USD throughout. Pure.

#include <string>

#include "gateway/reconcile/pass.h"

namespace gateway::reconcile {

// One line of a table per attempt; heading() before the first.
std::string table_heading();
std::string table_line(const Finding& finding);
// What the lines come to: counts, and the three sums of each model with their drift.
std::string table_summary(const Outcomes& outcomes, bool dry_run);

// The same as lines of CSV, without a summary.
std::string csv_heading();
std::string csv_line(const Finding& finding);

// {"request":…,"attempt":1,"at":…,"provider":…,"model":…,"target":…,"upstream_id":…,
// "booked":{"cost":…,"source":…},"ours":…,"in_answer":…,"receipt":…,"verdict":…,"why":…}
std::string finding_json(const Finding& finding);
// {"dry_run":…,"counts":{"corrected":1,…},"without_receipts":0,"no_id_booked":…,"totals":[{"provider":…,
// "model":…,"attempts":…,"booked":…,"ours":…,"in_answer":…,"receipts":…,"drift":"0.0213"}]}
std::string summary_json(const Outcomes& outcomes, bool dry_run);

}  // namespace gateway::reconcile
