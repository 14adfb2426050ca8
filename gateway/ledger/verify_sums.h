#pragma once
// Whether the sums beside a ledger's records are theirs. Goes over the time there is hour by hour,
// so that memory holds the sums of one hour and one day only. Part of verify().

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "gateway/ledger/names.h"
#include "gateway/ledger/sqlite/database.h"

namespace gateway {

struct SumsToVerify {
  // Up to this moment (microseconds) retention took records: of the days it lies in or before,
  // sums are compared with each other only.
  std::int64_t through = 0;
  std::set<std::int64_t> misdated;                // so are these days (misdated_days.h)
  std::function<void(std::string)> found;         // one finding, a line
  std::function<void(std::int64_t day)> reached;  // the UTC day that is read next, in seconds
};

// Returns how many stored sums were read. Within a read transaction of `reader`.
config::Result<std::int64_t> verify_sums(sqlite::Database& reader, Names& names,
                                         const SumsToVerify& what);

}  // namespace gateway
