#include "gateway/ledger/unreported.h"

#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/names.h"
#include "gateway/ledger/record_rows.h"
#include "providers/wire/json_writer.h"

namespace gateway {
namespace {

// Of each attempt its latest row. What is reported and has no id was refused, or is known.
constexpr std::string_view kWanted =
    "r.started >= ?1 AND (r.started > ?1 OR r.id > ?2) AND r.started < ?3"
    " AND (r.cost_source <> ?4 OR (?5 AND r.upstream_id <> ''))"
    " AND (?6 = '' OR s.provider = (SELECT id FROM name WHERE text = ?6))"
    " AND NOT EXISTS (SELECT 1 FROM record n WHERE n.request = r.request"
    " AND n.attempt = r.attempt AND n.revision = r.revision + 1)";
constexpr std::string_view kGiven =
    "SELECT n.id FROM json_each(?7) j JOIN name n ON n.text = j.value";

std::string json_list(const std::vector<std::string>& texts) {
  std::string out;
  providers::JsonWriter json(out);
  json.begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
  return out;
}

void bind(sqlite::Statement& statement, const Unreported& asked, const std::string& without,
          int at_most) {
  statement.with(asked.after.started, asked.after.id, to_micros(asked.until),
                 static_cast<int>(providers::Source::reported), asked.all, asked.provider, without,
                 at_most);
}

}  // namespace

PlaceInTime place_of(config::Clock::Wall since) {
  return {to_micros(since), std::numeric_limits<std::int64_t>::min()};
}

config::Result<UnreportedPage> unreported(sqlite::Database& reader, const Unreported& asked) {
  auto names = Names::open(reader);
  if (!names) return names.error();
  // In the order of the index by time, so that a page ends after `at_most` rows.
  auto select = prepare_select(
      reader, fmt::format("WHERE {} AND s.provider NOT IN ({}) ORDER BY r.started, r.id LIMIT ?8",
                          kWanted, kGiven));
  if (!select) return select.error();
  const std::string without = json_list(asked.without);
  bind(*select, asked, without, asked.at_most);
  UnreportedPage page;
  page.next = asked.after;
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

config::Result<std::int64_t> left_out(sqlite::Database& reader, const Unreported& asked) {
  if (asked.without.empty()) return 0;
  auto count = reader.prepare(
      fmt::format("SELECT count(*) FROM record r JOIN series s ON s.id = r.series WHERE {} AND "
                  "s.provider IN ({}) LIMIT ?8",
                  kWanted, kGiven));
  if (!count) return count.error();
  const std::string without = json_list(asked.without);
  bind(*count, asked, without, 1);
  auto there = count->step();
  if (!there) return there.error();
  return count->integer(0);
}

}  // namespace gateway
