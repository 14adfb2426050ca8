#include "gateway/ledger/roll_up_reader.h"

#include <fmt/format.h>

namespace gateway {

using config::Result;

Result<RollUpReader> RollUpReader::open(sqlite::Database& database) {
  auto packed = database.prepare(
      "SELECT slot, sums FROM packed_rollup WHERE tagged = ?1 AND span = ?2 AND slot >= ?3"
      " AND slot < ?4");
  if (!packed) return packed.error();
  auto rows = database.prepare(
      fmt::format("SELECT slot, series, {} FROM rollup WHERE tagged = ?1 AND span = ?2"
                  " AND slot >= ?3 AND slot < ?4",
                  kSumColumns));
  if (!rows) return rows.error();
  return RollUpReader(*std::move(packed), *std::move(rows));
}

config::Error RollUpReader::damage(std::int64_t span, std::int64_t slot) {
  return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                         fmt::format("the packed sums for {} s from {} make no sense", span, slot));
}

}  // namespace gateway
