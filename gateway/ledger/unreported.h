#pragma once
// Which attempts a receipt would tell more of: those whose cost no provider told. On a
// connection of its own, beside the gateway that writes.

#include <cstdint>
#include <string>
#include <vector>

#include "config/base/clock.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

// Where a page begins: the oldest that comes behind this one.
struct PlaceInTime {
  std::int64_t started = 0;  // microseconds since 1970
  std::int64_t id = 0;
};
PlaceInTime place_of(config::Clock::Wall since);

struct Unreported {
  PlaceInTime after;
  config::Clock::Wall until;  // exclusive
  bool all = false;           // also those whose cost is reported, where they have an id to ask by
  std::string provider;       // empty: all,
  std::vector<std::string> without;  // but these, that give no receipts
  int at_most = 100;
};

struct UnreportedPage {
  std::vector<UsageRecord> attempts;  // as their latest row has them, the oldest first
  PlaceInTime next;                   // after the last of them
};
config::Result<UnreportedPage> unreported(sqlite::Database& reader, const Unreported& asked);

// How many there are of the same kind that `without` leaves out.
config::Result<std::int64_t> left_out(sqlite::Database& reader, const Unreported& asked);

}  // namespace gateway
