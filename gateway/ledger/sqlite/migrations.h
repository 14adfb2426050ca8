#pragma once
// The steps that bring a ledger's database to the shape this program knows: the files of
// gateway/ledger/migrations/, built into the program. Each is applied once, in order, in
// a transaction of its own; `user_version` counts them, `application_id` says whose file it
// is. A step that was released is never changed: a further one follows it.

#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/ledger/sqlite/database.h"

namespace gateway::sqlite {

inline constexpr std::int32_t kApplicationId = 0x746f6c6c;  // "toll"

struct Migration {
  std::int64_t version;   // from 1, without gaps
  std::string_view name;  // the file's, without its ending
  std::string_view sql;
};
std::span<const Migration> migrations();

// Applies what is missing. An Error where the file is another program's, or of a version
// that this program does not know; then nothing was changed.
config::Result<void> migrate(Database& database);

// For readers, who change nothing: an Error unless the shape is known, and not older than
// `least`.
config::Result<void> expect_version(Database& database, std::int64_t least);
// The same of the newest.
config::Result<void> expect_current(Database& database);

}  // namespace gateway::sqlite
