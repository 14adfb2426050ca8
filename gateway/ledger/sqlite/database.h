#pragma once
// One connection to an SQLite file. Owned by one thread at a time (several connections to
// a file are fine: WAL lets readers go on beside the one writer). Statements made from it
// must be gone before it is. No exceptions: every failure is an Error.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "gateway/ledger/sqlite/statement.h"

struct sqlite3;

namespace gateway::sqlite {

struct OpenOptions {
  bool read_only = false;
  bool create = false;  // where the file is missing; else that is an Error
  // The file cannot change while it is open: read without any lock, for backups on
  // read-only media. Implies read_only.
  bool immutable = false;
  // Every commit is on the disk before it returns. Otherwise a power cut may take the
  // latest commits (never the file's consistency); the end of the process takes nothing.
  bool sync_commits = false;
  std::chrono::milliseconds busy_timeout{0};  // waiting for another connection's lock
  std::string vfs;                            // SQLite's file layer; empty: the system's
};

class Database {
 public:
  // With foreign keys. The path is a file's name, never a URI. Nothing is written: that a
  // file is in WAL mode stands in the file (see ledger_file.h).
  static config::Result<Database> open(const std::string& path, const OpenOptions& options);

  config::Result<Statement> prepare(std::string_view sql);

  // Statements without values or rows, one after the other.
  config::Result<void> run(const std::string& sql);

  // The first column of the first row of a query without values; an Error without a row.
  config::Result<std::int64_t> integer(std::string_view sql);
  config::Result<std::string> text(std::string_view sql);

  std::int64_t changes() const;         // rows the latest statement changed
  std::int64_t last_insert_id() const;  // rowid of the latest insert

  // The file may only be read, whatever was asked for.
  bool read_only() const;
  // What is open still stands under its name: not removed, nothing put in its place.
  bool in_place() const;

  void busy_timeout(std::chrono::milliseconds timeout);

  // For what this class does not wrap (backup, hooks). Stays the Database's.
  sqlite3* handle() const { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<sqlite3, Close> connection_;
};

// Everything run on the database while it lives belongs together: committed, or undone by
// the destructor. `immediate` takes the write lock at once, so that a later statement
// cannot fail for it. Outlived by its Database; one at a time.
class Transaction {
 public:
  enum class Kind : std::uint8_t { read, immediate };
  static config::Result<Transaction> begin(Database& database, Kind kind);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;

  // After an Error nothing was committed, and the destructor undoes it.
  config::Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // nullptr: committed, or moved from
};

}  // namespace gateway::sqlite
