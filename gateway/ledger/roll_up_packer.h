#pragma once
// Packs the sums of slots that are over: from a row per series into a value for many. What
// comes for such a slot later is a row again, which adds to it, until it is packed as well.
// Beside one Database that writes, on its thread, within a transaction.

#include <utility>

#include "gateway/ledger/sqlite/database.h"

namespace gateway {

class RollUpPacker {
 public:
  static config::Result<RollUpPacker> open(sqlite::Database& database);

  // Rows of slots that ended by `before` (seconds), `at_most` of them. Returns how many were
  // packed; less than `at_most`: that was all.
  config::Result<int> pack(std::int64_t before, int at_most);

 private:
  RollUpPacker(sqlite::Statement oldest, sqlite::Statement rows, sqlite::Statement add,
               sqlite::Statement remove)
      : oldest_(std::move(oldest)),
        rows_(std::move(rows)),
        add_(std::move(add)),
        remove_(std::move(remove)) {}
  config::Result<int> pack(bool tagged, std::int64_t span, std::int64_t before, int at_most);
  config::Result<int> pack_slot(bool tagged, std::int64_t span, std::int64_t slot, int at_most);

  sqlite::Statement oldest_;  // slot that has rows
  sqlite::Statement rows_;    // of a slot
  sqlite::Statement add_;
  sqlite::Statement remove_;  // a slot's rows up to a series
};

}  // namespace gateway
