#pragma once
// Answers "who spent what, when" from the ledger's sums, on a connection of its own beside
// the gateway that writes. Any thread, one call at a time per Database; a value comes back.

#include <optional>
#include <string>
#include <vector>

#include "config/calendar.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/sums.h"
#include "gateway/ledger/usage_query.h"

namespace gateway {

struct UsageGroup {
  std::vector<std::string> names;  // one per dimension of the query
  Sums total;
  std::optional<MoneySum> previous;  // cost in the time before; only where asked for
  std::vector<Sums> series;          // one per bucket
};

struct UsageReport {
  UsageQuery query;
  config::Clock::Wall as_of;
  std::vector<config::Span> buckets;  // the query's steps; `none`: one, all of it
  bool partial_last = false;          // `as_of` lies inside
  std::vector<UsageGroup> groups;     // the dearest first
  // Of all records that pass the filters: with `by=tag`, not the sum of the groups, since a
  // record may bear several tags or none.
  Sums total;
  std::optional<MoneySum> previous;
};

// The time before is as long, in the zone's days where the query begins with one; of a time
// that is not over yet, only as much of it counts as has gone by. An Error
// (`invalid_request`) where the answer would have too many numbers.
config::Result<UsageReport> usage_report(sqlite::Database& reader, const UsageQuery& query,
                                         config::Clock::Wall now);

}  // namespace gateway
