#include "gateway/ledger/unreported.h"

#include <limits>
#include <utility>

#include "gateway/ledger/names.h"
#include "gateway/ledger/record_rows.h"

namespace gateway {

PlaceInTime place_of(config::Clock::Wall since) {
  return {to_micros(since), std::numeric_limits<std::int64_t>::min()};
}

config::Result<UnreportedPage> unreported(sqlite::Database& reader, const Unreported& asked) {
  auto names = Names::open(reader);
  if (!names) return names.error();
  // In the order of the index by time, so that a page ends after `at_most` rows.
  auto select =
      prepare_select(reader,
                     "WHERE r.started >= ?1 AND (r.started > ?1 OR r.id > ?2) AND r.started < ?3"
                     " AND r.upstream_id <> '' AND (r.cost_source <> ?4 OR ?5)"
                     " AND NOT EXISTS (SELECT 1 FROM record n WHERE n.request = r.request"
                     " AND n.attempt = r.attempt AND n.revision = r.revision + 1)"
                     " ORDER BY r.started, r.id LIMIT ?6");
  if (!select) return select.error();
  UnreportedPage page;
  page.next = asked.after;
  select->with(asked.after.started, asked.after.id, to_micros(asked.until),
               static_cast<int>(providers::Source::reported), asked.all, asked.at_most);
  for (;;) {
    auto there = select->step();
    if (!there) return there.error();
    if (!*there) return page;
    auto row = read_row(*select, *names);
    if (!row) return row.error();
    page.next = {to_micros(row->record.started), row->id};
    page.attempts.push_back(std::move(row->record));
  }
}

}  // namespace gateway
