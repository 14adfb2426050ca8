#pragma once
// A report as text: JSON as GET /api/usage answers it, CSV, or a table for a terminal.
// Money is exact decimal USD throughout. Pure but for usage_answer.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/ledger/usage_report.h"

namespace gateway {

// `ledger_lag_ms`: how far the ledger is behind the journals; nullopt: not known.
std::string usage_json(const UsageReport& report, std::optional<std::int64_t> ledger_lag_ms);

// A row per group and step in which anything was. No row of totals.
std::string usage_csv(const UsageReport& report);

std::string usage_table(const UsageReport& report);

// What the admin API answers: parameters of read_usage_query, and format=json|csv. Opens the
// ledger at `path` for reading by itself. Any thread; blocks on the disk.
struct UsageAnswer {
  std::string content_type;
  std::string body;
};
config::Result<UsageAnswer> usage_answer(const std::string& path,
                                         std::span<const Parameter> parameters,
                                         config::Clock::Wall now, std::string_view default_zone,
                                         std::optional<std::int64_t> ledger_lag_ms);

}  // namespace gateway
