#include "gateway/ledger/sqlite/migrations.h"

#include <fmt/format.h>

namespace gateway::sqlite {
namespace {

constexpr Migration kMigrations[] = {
#include "gateway/ledger/sqlite/migrations.inc"
};

static_assert(
    [] {
      std::int64_t expected = 1;
      for (const Migration& migration : kMigrations) {
        if (migration.version != expected++) return false;
      }
      return true;
    }(),
    "migrations are numbered from 1 without gaps, in order");

constexpr std::int64_t kNewest = std::size(kMigrations);

config::Error refused(std::string message) {
  return config::failure(config::ErrorCode::internal, std::move(message));
}

// The version the file is at; 0: empty, which nobody has written to yet.
config::Result<std::int64_t> version_of(Database& database) {
  auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  auto application = database.integer("PRAGMA application_id");
  if (!application) return application.error();
  auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*tables == 0 && *application == 0 && *version == 0) return 0;
  if (*application != kApplicationId) return refused("it is another program's database");
  if (*version < 1) return refused(fmt::format("its version {} makes no sense", *version));
  if (*version > kNewest) {
    return refused(fmt::format("its version is {}, from a newer tollgate; this one knows {}",
                               *version, kNewest));
  }
  return *version;
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

config::Result<void> migrate(Database& database) {
  auto version = version_of(database);
  if (!version) return version.error();
  for (const Migration& migration : migrations().subspan(static_cast<std::size_t>(*version))) {
    auto transaction = Transaction::begin(database, Transaction::Kind::immediate);
    if (!transaction) return transaction.error();
    auto done = database.run(std::string(migration.sql));
    if (!done) return done.error();
    done = database.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                    kApplicationId, migration.version));
    if (!done) return done.error();
    done = transaction->commit();
    if (!done) return done.error();
  }
  return {};
}

config::Result<void> expect_version(Database& database, std::int64_t least) {
  auto version = version_of(database);
  if (!version) return version.error();
  if (*version >= least) return {};
  if (*version == 0) return refused("it is empty");
  return refused(fmt::format(
      "its version is {}, from an older tollgate; `tollgate serve` brings it to {}, once "
      "no older one holds it",
      *version, kNewest));
}

config::Result<void> expect_current(Database& database) {
  return expect_version(database, kNewest);
}

}  // namespace gateway::sqlite
