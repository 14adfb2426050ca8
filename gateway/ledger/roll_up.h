#pragma once
// The sums that are kept beside the records, and how records change them: gathered for a
// batch, then written at once, in the transaction of the records. A value until written.

#include <compare>
#include <cstdint>
#include <map>
#include <string_view>

#include "gateway/ledger/names.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/sums.h"

namespace gateway {

struct Cell {
  bool tagged = false;
  std::int64_t span = 0;
  std::int64_t slot = 0;
  std::int64_t series = 0;
  friend auto operator<=>(const Cell&, const Cell&) = default;
};

struct AccountCell {
  int kind = 0;
  std::int64_t name = 0;
  std::int64_t span = 0;
  std::int64_t slot = 0;
  friend auto operator<=>(const AccountCell&, const AccountCell&) = default;
};

class RollUp {
 public:
  // Counts `sums` wherever a record of this series, these tags and this moment belongs.
  // Makes the names and series of its tags.
  config::Result<void> add(Names& names, const SeriesKey& key, std::int64_t series,
                           const Tags& tags, std::int64_t started_micros, const Sums& sums);

  std::map<Cell, Sums> cells() const;
  std::map<AccountCell, MoneySum> accounts() const;

 private:
  // A record is looked up once; what longer spans and accounts have of it follows from these.
  struct Quarter {
    SeriesKey names;
    Sums sums;
  };
  std::map<Cell, Quarter> quarters_;
};

class RollUpWriter {
 public:
  static config::Result<RollUpWriter> open(sqlite::Database& database);

  // Adds to what is stored.
  config::Result<void> write(const RollUp& changes);

 private:
  RollUpWriter(sqlite::Statement cell, sqlite::Statement account)
      : cell_(std::move(cell)), account_(std::move(account)) {}
  sqlite::Statement cell_;
  sqlite::Statement account_;
};

// The columns of `rollup` that hold sums, for a SELECT; and those of the row that stands
// ready, `first` being the first of them.
inline constexpr std::string_view kSumColumns =
    "attempts, requests, unknown_costs, prompt, cached_read, cached_write, audio_input,"
    " image_input, completion, reasoning, audio_output, reported_usd, reported_pico,"
    " priced_usd, priced_pico, estimated_usd, estimated_pico";
Sums read_sums(const sqlite::Statement& row, int first);

}  // namespace gateway
