#include "gateway/keys/key_store.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>

#include "gateway/keys/key_json.h"
#include "gateway/ledger/sqlite/statement.h"

namespace gateway::keys {
namespace {

using config::Clock;
using config::ErrorCode;
using config::Result;
using sqlite::Blob;
using sqlite::Transaction;

std::int64_t micros(Clock::Wall at) {
  return std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
}

std::optional<std::int64_t> micros(const std::optional<Clock::Wall>& at) {
  return at ? std::optional(micros(*at)) : std::nullopt;
}

Clock::Wall moment(std::int64_t micros) {
  return Clock::Wall(std::chrono::microseconds(micros));
}

std::optional<Clock::Wall> wall(std::optional<std::int64_t> micros) {
  return micros ? std::optional(moment(*micros)) : std::nullopt;
}

Blob bytes_of(const config::Sha256& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

config::Error no_such_key(std::string_view id) {
  return config::failure(ErrorCode::not_found,
                         fmt::format("There is no key `{}`.", id.substr(0, 128)));
}

config::Error changed_meanwhile(std::int64_t seen, std::int64_t is) {
  return config::failure(
      ErrorCode::conflict,
      fmt::format("The key has changed: its version is {}, not {}. Read it again.", is, seen));
}

// What is written to a file that was removed goes with it.
Result<Transaction> begin(sqlite::Database& database) {
  if (!database.in_place()) {
    return config::failure(ErrorCode::overloaded, "Keys cannot be changed right now.",
                           "the ledger's file is gone or was replaced");
  }
  return Transaction::begin(database, Transaction::Kind::immediate);
}

// A statement without rows.
template <class... Values>
Result<void> execute(sqlite::Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  return statement->with(values...).run();
}

}  // namespace

Result<std::vector<StoredKey>> KeyStore::all() {
  return read("?1 = ''", "");
}

Result<StoredKey> KeyStore::find(std::string_view id_or_name) {
  for (const std::string_view condition : {"id = ?1", "name = ?1"}) {
    auto found = read(condition, id_or_name);
    if (!found) return std::move(found).error();
    if (!found->empty()) return std::move(found->front());
  }
  return no_such_key(id_or_name);
}

// The condition is a literal of ours; what was asked for is bound.
Result<std::vector<StoredKey>> KeyStore::read(std::string_view condition, std::string_view value) {
  auto rows = database_.prepare(
      fmt::format("SELECT id, name, settings, enabled, created_at, last_used_at, version "
                  "FROM virtual_key WHERE {} ORDER BY name",
                  condition));
  if (!rows) return std::move(rows).error();
  std::vector<StoredKey> keys;
  std::unordered_map<std::string, std::size_t> by_id;
  rows->with(value);
  for (;;) {
    auto row = rows->step();
    if (!row) return std::move(row).error();
    if (!*row) break;
    StoredKey key;
    key.id = rows->text(0);
    key.name = rows->text(1);
    auto settings = parse_settings(rows->text(2));
    if (!settings) return std::move(settings).error();
    key.settings = *std::move(settings);
    key.enabled = rows->integer(3) != 0;
    key.created_at = moment(rows->integer(4));
    key.last_used_at = wall(rows->maybe_integer(5));
    key.version = rows->integer(6);
    by_id.emplace(key.id, keys.size());
    keys.push_back(std::move(key));
  }
  auto secrets = database_.prepare(
      fmt::format("SELECT key, digest, hint, good_until FROM key_secret WHERE key IN "
                  "(SELECT id FROM virtual_key WHERE {}) ORDER BY made_at DESC",
                  condition));
  if (!secrets) return std::move(secrets).error();
  secrets->with(value);
  for (;;) {
    auto row = secrets->step();
    if (!row) return std::move(row).error();
    if (!*row) break;
    SecretDigest secret;
    const std::string_view digest = secrets->blob(1);
    std::memcpy(secret.digest.data(), digest.data(), std::min(digest.size(), secret.digest.size()));
    secret.hint = secrets->text(2);
    secret.until = wall(secrets->maybe_integer(3));
    const auto owner = by_id.find(std::string(secrets->text(0)));
    if (owner != by_id.end()) keys[owner->second].secrets.push_back(std::move(secret));
  }
  return keys;
}

Result<bool> KeyStore::is_recorded(std::string_view name) {
  auto found = database_.prepare("SELECT 1 FROM name WHERE text = ?1");
  if (!found) return std::move(found).error();
  return found->with(name).step();
}

Result<StoredKey> KeyStore::create(const std::string& id, const std::string& name,
                                   const Settings& settings, const SecretDigest& secret,
                                   const std::string& made_for, const By& by) {
  auto transaction = begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto same = read("name = ?1", name);
  if (!same) return std::move(same).error();
  if (!same->empty()) {
    return config::failure(ErrorCode::conflict,
                           fmt::format("A key named `{}` exists already.", name));
  }
  if (!made_for.empty()) {
    same = read("made_for = ?1", made_for);
    if (!same) return std::move(same).error();
    if (!same->empty()) {
      return config::failure(
          ErrorCode::conflict,
          fmt::format("This Idempotency-Key has made the key `{}` already; its secret was shown "
                      "then. Rotate that key for a new one.",
                      same->front().name));
    }
  }
  StoredKey key;
  key.id = id;
  key.name = name;
  key.settings = settings;
  key.created_at = by.when;
  key.secrets.push_back(secret);
  auto done = execute(database_,
                      "INSERT INTO virtual_key (id, name, settings, enabled, created_at, version, "
                      "made_for) VALUES (?1, ?2, ?3, 1, ?4, 1, nullif(?5, ''))",
                      id, name, settings_text(settings), micros(by.when), made_for);
  if (done) done = add_secret(id, secret, by.when);
  if (done) done = log(by, "create", nullptr, &key);
  if (done) done = transaction->commit();
  if (!done) return std::move(done).error();
  return key;
}

Result<KeyStore::Changed> KeyStore::change_in(std::string_view id,
                                              std::optional<std::int64_t> version,
                                              std::string_view action, const Change& change,
                                              const By& by) {
  auto before = find(id);
  if (!before) return std::move(before).error();
  if (version && *version != before->version) return changed_meanwhile(*version, before->version);
  Changed out{*before, *before};
  if (auto accepted = change(out.after); !accepted) return std::move(accepted).error();
  if (out.after == out.before) return out;
  out.after.version = before->version + 1;
  auto done = execute(database_,
                      "UPDATE virtual_key SET settings = ?2, enabled = ?3, version = ?4 "
                      "WHERE id = ?1",
                      out.after.id, settings_text(out.after.settings), out.after.enabled,
                      out.after.version);
  if (done) done = log(by, action, &out.before, &out.after);
  if (!done) return std::move(done).error();
  return out;
}

Result<KeyStore::Changed> KeyStore::change(std::string_view id, std::optional<std::int64_t> version,
                                           std::string_view action, const Change& change,
                                           const By& by) {
  auto transaction = begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto changed = change_in(id, version, action, change, by);
  if (!changed) return changed;
  if (auto done = transaction->commit(); !done) return std::move(done).error();
  return changed;
}

Result<KeyStore::Changed> KeyStore::rotate(std::string_view id, std::optional<std::int64_t> version,
                                           const SecretDigest& fresh, Clock::Wall until,
                                           const By& by) {
  auto transaction = begin(database_);
  if (!transaction) return std::move(transaction).error();
  const auto replace = [&](StoredKey& key) -> Result<void> {
    std::erase_if(key.secrets, [&](const SecretDigest& secret) {
      return secret.until && *secret.until <= by.when;
    });
    for (SecretDigest& secret : key.secrets) {
      secret.until = secret.until ? std::min(*secret.until, until) : until;
    }
    key.secrets.insert(key.secrets.begin(), fresh);
    return {};
  };
  auto changed = change_in(id, version, "rotate", replace, by);
  if (!changed) return changed;
  const std::string& key = changed->after.id;
  auto done = execute(database_, "DELETE FROM key_secret WHERE key = ?1 AND good_until <= ?2", key,
                      micros(by.when));
  if (done) {
    done = execute(database_,
                   "UPDATE key_secret SET good_until = min(coalesce(good_until, ?2), ?2) "
                   "WHERE key = ?1",
                   key, micros(until));
  }
  if (done) done = add_secret(key, fresh, by.when);
  if (done) done = transaction->commit();
  if (!done) return std::move(done).error();
  return changed;
}

Result<StoredKey> KeyStore::remove(std::string_view id, std::optional<std::int64_t> version,
                                   const By& by) {
  auto transaction = begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto key = find(id);
  if (!key) return key;
  if (version && *version != key->version) return changed_meanwhile(*version, key->version);
  auto done = execute(database_, "DELETE FROM virtual_key WHERE id = ?1", key->id);
  if (done) done = log(by, "delete", &*key, nullptr);
  if (done) done = transaction->commit();
  if (!done) return std::move(done).error();
  return key;
}

Result<void> KeyStore::note_uses(std::span<const Use> uses) {
  if (uses.empty()) return {};
  auto transaction = begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto update = database_.prepare(
      "UPDATE virtual_key SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1");
  if (!update) return std::move(update).error();
  for (const auto& [id, at] : uses) {
    if (auto done = update->with(id, micros(at)).run(); !done) return done;
  }
  return transaction->commit();
}

Result<std::vector<AuditEntry>> KeyStore::audit(std::int64_t before, std::size_t limit) {
  auto rows = database_.prepare(
      "SELECT id, at, who, action, subject, before, after FROM audit_log "
      "WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2");
  if (!rows) return std::move(rows).error();
  rows->with(before, limit);
  std::vector<AuditEntry> entries;
  for (;;) {
    auto row = rows->step();
    if (!row) return std::move(row).error();
    if (!*row) return entries;
    entries.push_back({.id = rows->integer(0),
                       .at = moment(rows->integer(1)),
                       .who = std::string(rows->text(2)),
                       .action = std::string(rows->text(3)),
                       .subject = std::string(rows->text(4)),
                       .before = std::string(rows->text(5)),
                       .after = std::string(rows->text(6))});
  }
}

Result<void> KeyStore::add_secret(const std::string& id, const SecretDigest& secret,
                                  Clock::Wall made_at) {
  return execute(database_,
                 "INSERT INTO key_secret (digest, key, hint, made_at, good_until) "
                 "VALUES (?1, ?2, ?3, ?4, ?5)",
                 bytes_of(secret.digest), id, secret.hint, micros(made_at), micros(secret.until));
}

Result<void> KeyStore::note(const By& by, std::string_view action, std::string_view subject,
                            std::string_view asked) {
  return execute(database_,
                 "INSERT INTO audit_log (at, who, action, subject, before, after) "
                 "VALUES (?1, ?2, ?3, ?4, NULL, ?5)",
                 micros(by.when), by.who, action, subject, asked);
}

Result<void> KeyStore::log(const By& by, std::string_view action, const StoredKey* before,
                           const StoredKey* after) {
  const auto text = [](const StoredKey* key) {
    return key == nullptr ? std::nullopt : std::optional(audit_text(*key));
  };
  return execute(database_,
                 "INSERT INTO audit_log (at, who, action, subject, before, after) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                 micros(by.when), by.who, action, (after != nullptr ? after : before)->id,
                 text(before), text(after));
}

}  // namespace gateway::keys
