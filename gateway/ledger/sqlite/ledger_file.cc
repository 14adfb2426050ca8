#include "gateway/ledger/sqlite/ledger_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "gateway/ledger/sqlite/migrations.h"

namespace gateway::sqlite {
namespace {

namespace fs = std::filesystem;

std::string marker_of(const std::string& path) {
  return path + ".created";
}

// One line, whatever SQLite says.
config::Error refused(const std::string& path, std::string_view why, std::string detail = {}) {
  std::string line = fmt::format("the ledger {}: {}", path, why);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return config::failure(config::ErrorCode::internal, std::move(line), std::move(detail));
}

// Our own words are the reason; SQLite's stand in the detail.
config::Error refused(const std::string& path, const config::Error& error) {
  auto out = refused(path, error.detail.empty() ? error.message : error.detail, error.detail);
  out.code = error.code;
  return out;
}

// The identity written down when the ledger was made; empty: none ever was.
config::Result<std::string> made_before(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(marker_of(path), failed)) {
    if (failed) return refused(path, failed.message());
    return std::string();
  }
  std::ifstream file(marker_of(path));
  std::string identity;
  if (!std::getline(file, identity) || identity.empty()) {
    return refused(path, fmt::format("{} cannot be read", marker_of(path)));
  }
  return identity;
}

bool write_and_sync(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  return ::close(file) == 0 && written;
}

bool sync_folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced;
}

config::Result<void> remember(const std::string& path, const std::string& identity) {
  const std::string beside = marker_of(path) + ".new";
  std::error_code failed;
  if (write_and_sync(beside, identity + "\n")) {
    fs::rename(beside, marker_of(path), failed);
    if (!failed && sync_folder_of(path)) return {};
  }
  return refused(path, fmt::format("cannot write {}", marker_of(path)));
}

// An empty file that only we can read; what SQLite adds beside it takes its mode.
config::Result<void> make_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    const auto why = std::generic_category().message(errno);
    return refused(path, fmt::format("cannot be made: {}", why));
  }
  ::close(file);
  return {};
}

// Missing or emptied though it was made once: money was written down there.
config::Result<void> expect_not_lost(const std::string& path) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  if (!missing && size > 0) return {};
  return refused(path,
                 fmt::format("{}, though one was made here before. Put it back from a backup; "
                             "to begin an empty ledger on purpose, remove {}",
                             missing ? "is missing" : "is an empty file", marker_of(path)));
}

// What SQLite can tell of damage without reading everything: the whole structure of a
// small file, the beginning of a large one (`tollgate ledger verify` reads it all).
config::Result<void> expect_sound(const std::string& path, Database& database) {
  constexpr std::uintmax_t kReadWhole = 64UL * 1024 * 1024;
  std::error_code ignored;
  if (fs::file_size(path, ignored) > kReadWhole) return {};
  auto verdict = database.text("PRAGMA quick_check(1)");
  if (!verdict) return refused(path, verdict.error());
  if (*verdict == "ok") return {};
  return refused(path, fmt::format("is damaged: {}", *verdict));
}

config::Result<void> expect_identity(const std::string& path, Database& database,
                                     const std::string& made) {
  auto identity = database.text("SELECT value FROM meta WHERE name = 'identity'");
  if (!identity) return refused(path, identity.error());
  if (made.empty()) return remember(path, *identity);
  if (made == *identity) return {};
  return refused(path, fmt::format("is not the ledger that was made here ({} names another)",
                                   marker_of(path)));
}

OpenOptions as_open(const WriteOptions& options) {
  OpenOptions out;
  out.sync_commits = options.sync_commits;
  out.busy_timeout = options.busy_timeout;
  out.vfs = options.vfs;
  return out;
}

}  // namespace

config::Result<Database> open_for_writing(const std::string& path, const WriterLock&,
                                          const WriteOptions& options) {
  auto made = made_before(path);
  if (!made) return made.error();
  std::error_code ignored;
  if (!made->empty()) {
    auto there = expect_not_lost(path);
    if (!there) return there.error();
  } else if (!fs::exists(path, ignored)) {
    auto file = make_file(path);
    if (!file) return file.error();
  }
  auto database = Database::open(path, as_open(options));
  if (!database) return refused(path, database.error());
  // SQLite opens such a file all the same, and would refuse at the first record.
  if (database->read_only()) return refused(path, "may only be read; tollgate must write to it");
  auto ready = migrate(*database);
  if (!ready) return refused(path, ready.error());
  // Of an older ledger request ids are random: the pages of their index that are read are many.
  ready = database->run("PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536;");
  if (!ready) return refused(path, ready.error());
  ready = expect_sound(path, *database);
  if (!ready) return ready.error();
  ready = expect_identity(path, *database, *made);
  if (!ready) return ready.error();
  return database;
}

config::Result<Database> open_again(const std::string& path, const WriteOptions& options) {
  auto database = Database::open(path, as_open(options));
  if (!database) return refused(path, database.error());
  auto current = expect_current(*database);
  if (!current) return refused(path, current.error());
  return database;
}

config::Result<Database> open_for_reading(const std::string& path,
                                          std::chrono::milliseconds busy_timeout, Shape least) {
  OpenOptions options;
  options.read_only = true;
  options.busy_timeout = busy_timeout;
  std::error_code unknown;
  if (!fs::exists(path, unknown) && !unknown) {
    return refused(path, "there is none; a gateway makes it when it first starts");
  }
  auto database = Database::open(path, options);
  if (!database) return refused(path, database.error());
  auto known = expect_version(*database, static_cast<std::int64_t>(least));
  if (!known) return refused(path, known.error());
  return database;
}

}  // namespace gateway::sqlite
