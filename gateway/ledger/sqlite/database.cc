#include "gateway/ledger/sqlite/database.h"

#include <sqlite3.h>
#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/sqlite/failure.h"

namespace gateway::sqlite {
namespace {

// As a URI, the only way to say `immutable`: whatever means something in one is escaped.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

config::Result<Database> Database::open(const std::string& path, const OpenOptions& options) {
  const bool read_only = options.read_only || options.immutable;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.create && !read_only) flags |= SQLITE_OPEN_CREATE;
  if (options.immutable) flags |= SQLITE_OPEN_URI;
  const std::string name = options.immutable ? uri_of(path) : path;

  sqlite3* connection = nullptr;
  const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
  const int status = sqlite3_open_v2(name.c_str(), &connection, flags, vfs);
  Database database(connection);
  if (status != SQLITE_OK) return failure(connection, status, fmt::format("opening {}", path));

  database.busy_timeout(options.busy_timeout);
  // A changed schema in a damaged file must not run code of its own.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const std::string settings =
      fmt::format("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA synchronous = {};",
                  options.sync_commits ? "FULL" : "NORMAL");
  // The first that reads the file: what it finds there is about the file, not about these settings.
  const int set = sqlite3_exec(connection, settings.c_str(), nullptr, nullptr, nullptr);
  if (set != SQLITE_OK) return failure(connection, set, fmt::format("opening {}", path));
  return database;
}

config::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (status != SQLITE_OK) return failure(handle(), status, sql);
  return Statement(statement);
}

config::Result<void> Database::run(const std::string& sql) {
  const int status = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return failure(handle(), status, sql);
  return {};
}

config::Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return failure(nullptr, SQLITE_NOTFOUND, sql);
  return statement->integer(0);
}

config::Result<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return failure(nullptr, SQLITE_NOTFOUND, sql);
  return std::string(statement->text(0));
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle());
}

std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle());
}

bool Database::read_only() const {
  return sqlite3_db_readonly(handle(), "main") == 1;
}

bool Database::in_place() const {
  int moved = 0;
  sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved == 0;
}

void Database::busy_timeout(std::chrono::milliseconds timeout) {
  sqlite3_busy_timeout(handle(), static_cast<int>(timeout.count()));
}

config::Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  auto begun = database.run(kind == Kind::immediate ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun) return begun.error();
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Some failures (a full disk) undo it by themselves; then there is nothing left to undo.
  if (database_ == nullptr || sqlite3_get_autocommit(database_->handle()) != 0) return;
  (void)database_->run("ROLLBACK");
}

config::Result<void> Transaction::commit() {
  auto committed = database_->run("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace gateway::sqlite
