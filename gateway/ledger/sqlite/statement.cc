#include "gateway/ledger/sqlite/statement.h"

#include <sqlite3.h>

#include "gateway/ledger/sqlite/failure.h"

namespace gateway::sqlite {

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

config::Result<bool> Statement::step() {
  if (failed_binding_ != SQLITE_OK) {
    return failure(nullptr, failed_binding_, sqlite3_sql(statement_.get()));
  }
  const int status = sqlite3_step(statement_.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  auto error = failure(sqlite3_db_handle(statement_.get()), status, sqlite3_sql(statement_.get()));
  sqlite3_reset(statement_.get());
  return error;
}

config::Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  failed_binding_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

bool Statement::is_text(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_TEXT;
}

void Statement::bind(int parameter, Blob value) {
  // A null pointer would bind NULL where an empty blob is meant.
  const char* bytes = value.bytes.empty() ? "" : value.bytes.data();
  remember(sqlite3_bind_blob64(statement_.get(), parameter, bytes, value.bytes.size(),
                               copies_ ? SQLITE_TRANSIENT : SQLITE_STATIC));
}

void Statement::bind(int parameter, std::nullptr_t) {
  remember(sqlite3_bind_null(statement_.get(), parameter));
}

void Statement::bind_integer(int parameter, std::int64_t value) {
  remember(sqlite3_bind_int64(statement_.get(), parameter, value));
}

void Statement::bind_text(int parameter, std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  remember(sqlite3_bind_text64(statement_.get(), parameter, bytes, value.size(),
                               copies_ ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::remember(int status) {
  if (failed_binding_ == SQLITE_OK) failed_binding_ = status;
}

}  // namespace gateway::sqlite
