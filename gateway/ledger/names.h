#pragma once
// The ledger's dictionary: names to the numbers that rows hold, and back. Beside one
// Database, on its thread. What it has looked up it keeps; forget() when a transaction in
// which it made names was undone.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

// Numbers of names: tag, key, team, model, provider, target.
using SeriesKey = std::array<std::int64_t, 6>;

class Names {
 public:
  static config::Result<Names> open(sqlite::Database& database);

  // The number of a name or series, made where there is none yet.
  config::Result<std::int64_t> number(std::string_view text);
  config::Result<std::int64_t> series(const SeriesKey& key);

  // Without making one; nullopt: there is none.
  config::Result<std::optional<std::int64_t>> find(std::string_view text);
  config::Result<std::optional<std::int64_t>> find_series(const SeriesKey& key);

  // An Error for a number that names nothing: damage.
  config::Result<std::string> text(std::int64_t number);

  void forget();

 private:
  Names(sqlite::Database& database, sqlite::Statement find, sqlite::Statement insert,
        sqlite::Statement text, sqlite::Statement find_series, sqlite::Statement insert_series)
      : database_(&database),
        find_(std::move(find)),
        insert_(std::move(insert)),
        text_(std::move(text)),
        find_series_(std::move(find_series)),
        insert_series_(std::move(insert_series)) {}

  // Looks up views without making strings of them.
  struct OfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  sqlite::Database* database_;
  sqlite::Statement find_;
  sqlite::Statement insert_;
  sqlite::Statement text_;
  sqlite::Statement find_series_;
  sqlite::Statement insert_series_;
  std::unordered_map<std::string, std::int64_t, OfText, std::equal_to<>> numbers_;
  std::unordered_map<std::int64_t, std::string> texts_;
  std::map<SeriesKey, std::int64_t> series_;
};

// Tags as one name, lines like "a=b" or "a"; any bytes survive. And each tag alone: the name of
// its series.
std::string tags_text(const Tags& tags);
Tags parse_tags(std::string_view text);
std::string tag_text(const Tag& tag);

}  // namespace gateway
