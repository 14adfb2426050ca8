#pragma once
// SQLite's status as our Error. Pure.

#include <string_view>

#include "config/base/error.h"

struct sqlite3;

namespace gateway::sqlite {

// `overloaded` for what may pass by itself (locked, disk full, input/output, no memory),
// `internal` for the rest (corrupt, not a database, a constraint). The detail names the
// status, SQLite's own words and what was tried. `database` may be nullptr.
config::Error failure(sqlite3* database, int status, std::string_view tried);

// The file is damaged or none of ours, as far as SQLite can tell.
bool is_corruption(int status);

}  // namespace gateway::sqlite
