#pragma once
// The sums that are stored of a stretch of slots, packed or not. Beside one Database, on its
// thread.

#include <cstdint>
#include <utility>

#include "gateway/ledger/packed_sums.h"
#include "gateway/ledger/roll_up.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {

class RollUpReader {
 public:
  static config::Result<RollUpReader> open(sqlite::Database& database);

  // `each(slot, series, sums)`, the slot by its beginning. Of one series in one slot there may
  // be several: they add up. Several statements: within a transaction where others may write.
  template <class Each>
  config::Result<void> read(bool tagged, const Slots& slots, Each each) {
    damaged_ = false;
    packed_.with(tagged, slots.span, slots.begin, slots.end);
    for (;;) {
      auto row = packed_.step();
      if (!row) return row.error();
      if (!*row) break;
      const std::int64_t slot = packed_.integer(0);
      SumsUnpacker sums(packed_.blob(1));
      while (sums.next()) each(slot, sums.series(), sums.sums());
      damaged_ = sums.damaged();
      if (damaged_) {
        packed_.reset();
        return damage(slots.span, slot);
      }
    }
    rows_.with(tagged, slots.span, slots.begin, slots.end);
    for (;;) {
      auto row = rows_.step();
      if (!row) return row.error();
      if (!*row) return {};
      each(rows_.integer(0), rows_.integer(1), read_sums(rows_, 2));
    }
  }

  // After an Error of read(): what is packed there makes no sense; else the database's.
  bool damaged() const { return damaged_; }

 private:
  RollUpReader(sqlite::Statement packed, sqlite::Statement rows)
      : packed_(std::move(packed)), rows_(std::move(rows)) {}
  static config::Error damage(std::int64_t span, std::int64_t slot);

  sqlite::Statement packed_;
  sqlite::Statement rows_;
  bool damaged_ = false;
};

}  // namespace gateway
