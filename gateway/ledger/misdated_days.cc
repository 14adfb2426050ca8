#include "gateway/ledger/misdated_days.h"

#include <sstream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gateway {
namespace {

std::string text_of(const std::set<std::int64_t>& days) {
  return fmt::format("{}", fmt::join(days, " "));
}

}  // namespace

config::Result<std::set<std::int64_t>> misdated_days(sqlite::Database& database) {
  const auto text =
      database.text("SELECT ifnull((SELECT value FROM meta WHERE name = 'misdated'), '')");
  if (!text) return text.error();
  std::set<std::int64_t> days;
  std::istringstream in(*text);
  for (std::int64_t day = 0; in >> day;) days.insert(day);
  if (text_of(days) != *text) {
    return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                           fmt::format("its list of days with misdated records is no list of "
                                       "numbers in their order: `{}`",
                                       text->substr(0, 200)));
  }
  return days;
}

config::Result<void> write_misdated_days(sqlite::Database& database,
                                         const std::set<std::int64_t>& days) {
  auto write = database.prepare("INSERT OR REPLACE INTO meta VALUES ('misdated', ?1)");
  if (!write) return write.error();
  return write->with(text_of(days)).run();
}

}  // namespace gateway
