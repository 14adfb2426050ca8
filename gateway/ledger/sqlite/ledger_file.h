#pragma once
// Opens the ledger's database file, or says in one line why not. Never begins an empty
// ledger where there was one: a small file beside it ("….created") remembers that, and which.

#include <chrono>
#include <string>

#include "config/base/error.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/sqlite/writer_lock.h"

namespace gateway::sqlite {

struct WriteOptions {
  bool sync_commits = false;                      // as OpenOptions
  std::chrono::milliseconds busy_timeout{5'000};  // a backup or a checkpoint of others
  std::string vfs;                                // as OpenOptions
};

// Makes the file (mode 0600) on first use, brings it to the newest version, in WAL mode.
// The lock must be of the same path and outlive the database. The Error's message is a
// line for the operator: missing though it was made once, another program's, damaged, of a
// newer version.
config::Result<Database> open_for_writing(const std::string& path, const WriterLock& lock,
                                          const WriteOptions& options);

// A further connection of the process that has it open for writing: for key changes and
// the like. Same rules, but the file must be there and current.
config::Result<Database> open_again(const std::string& path, const WriteOptions& options);

// What a reader wants to find: in an upgrade an older gateway holds the file as it knows it.
enum class Shape : std::uint8_t {
  keys = 2,     // records, account sums and keys: what a gateway beside an older one needs
  current = 4,  // all that this program knows
};

// For reports, beside a running gateway or without one. Waits `busy_timeout` at most.
config::Result<Database> open_for_reading(const std::string& path,
                                          std::chrono::milliseconds busy_timeout,
                                          Shape least = Shape::current);

}  // namespace gateway::sqlite
