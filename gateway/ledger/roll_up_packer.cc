#include "gateway/ledger/roll_up_packer.h"

#include <fmt/format.h>

#include "gateway/ledger/packed_sums.h"
#include "gateway/ledger/roll_up.h"
#include "gateway/ledger/time_cover.h"

namespace gateway {

using config::Result;

Result<RollUpPacker> RollUpPacker::open(sqlite::Database& database) {
  auto oldest = database.prepare(
      "SELECT min(slot) FROM rollup WHERE tagged = ?1 AND span = ?2 AND slot <= ?3");
  if (!oldest) return oldest.error();
  auto rows = database.prepare(
      fmt::format("SELECT series, {} FROM rollup WHERE tagged = ?1 AND span = ?2 AND slot = ?3"
                  " ORDER BY series LIMIT ?4",
                  kSumColumns));
  if (!rows) return rows.error();
  auto add = database.prepare(
      "INSERT INTO packed_rollup (tagged, span, slot, sums) VALUES (?1, ?2, ?3, ?4)");
  if (!add) return add.error();
  auto remove = database.prepare(
      "DELETE FROM rollup WHERE tagged = ?1 AND span = ?2 AND slot = ?3 AND series <= ?4");
  if (!remove) return remove.error();
  return RollUpPacker(*std::move(oldest), *std::move(rows), *std::move(add), *std::move(remove));
}

Result<int> RollUpPacker::pack(std::int64_t before, int at_most) {
  int packed = 0;
  for (const bool tagged : {false, true}) {
    for (const std::int64_t span : kSpans) {
      auto more = pack(tagged, span, before, at_most - packed);
      if (!more) return more;
      packed += *more;
      if (packed >= at_most) return packed;
    }
  }
  return packed;
}

Result<int> RollUpPacker::pack(bool tagged, std::int64_t span, std::int64_t before, int at_most) {
  int packed = 0;
  while (packed < at_most) {
    auto found = oldest_.with(tagged, span, before - span).step();
    if (!found) return found.error();
    const auto slot = oldest_.maybe_integer(0);
    oldest_.reset();
    if (!slot) break;
    auto more = pack_slot(tagged, span, *slot, at_most - packed);
    if (!more) return more;
    packed += *more;
  }
  return packed;
}

Result<int> RollUpPacker::pack_slot(bool tagged, std::int64_t span, std::int64_t slot,
                                    int at_most) {
  SumsPacker sums;
  std::int64_t last = 0;
  int packed = 0;
  rows_.with(tagged, span, slot, at_most);
  for (;;) {
    auto row = rows_.step();
    if (!row) return row.error();
    if (!*row) break;
    last = rows_.integer(0);
    sums.add(last, read_sums(rows_, 1));
    ++packed;
  }
  auto added = add_.with(tagged, span, slot, sqlite::Blob{sums.bytes()}).run();
  if (!added) return added.error();
  auto removed = remove_.with(tagged, span, slot, last).run();
  if (!removed) return removed.error();
  return packed;
}

}  // namespace gateway
