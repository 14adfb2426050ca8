#include "gateway/ledger/sqlite/failure.h"

#include <sqlite3.h>

#include <fmt/format.h>

namespace gateway::sqlite {
namespace {

constexpr int kPrimary = 0xff;  // extended status codes carry more above

bool may_pass(int status) {
  switch (status & kPrimary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return true;
    default:
      return false;
  }
}

}  // namespace

config::Error failure(sqlite3* database, int status, std::string_view tried) {
  const char* said = database != nullptr && sqlite3_extended_errcode(database) == status
                         ? sqlite3_errmsg(database)
                         : sqlite3_errstr(status);
  const auto code = may_pass(status) ? config::ErrorCode::overloaded : config::ErrorCode::internal;
  return config::failure(code, "The gateway's ledger cannot do this right now.",
                         fmt::format("{} (SQLite {}), doing: {}", said, status, tried));
}

bool is_corruption(int status) {
  return (status & kPrimary) == SQLITE_CORRUPT || (status & kPrimary) == SQLITE_NOTADB;
}

}  // namespace gateway::sqlite
