#pragma once
// The UTC days (their beginnings, in seconds) that lost records to retention though they lie behind
// its checkpoint: those of records that were dated later than they were written. Their sums
// are not those of the records any more. Kept beside the chain's end; on the thread of the
// Database.

#include <cstdint>
#include <set>

#include "config/base/error.h"
#include "gateway/ledger/sqlite/database.h"

namespace gateway {

config::Result<std::set<std::int64_t>> misdated_days(sqlite::Database& database);
config::Result<void> write_misdated_days(sqlite::Database& database,
                                         const std::set<std::int64_t>& days);

}  // namespace gateway
