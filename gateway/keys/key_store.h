#pragma once
// Virtual keys and the log of what was done to them, in the ledger's database. Every change
// is one transaction with its line in the log. Every function may block on the disk for the
// database's busy timeout; one thread at a time, that of the Database, which outlives this.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/keys/secret.h"
#include "gateway/keys/stored_key.h"
#include "gateway/ledger/sqlite/database.h"

namespace gateway::keys {

// Who does something, and when: for the log.
struct By {
  std::string who;  // "admin", "cli ada"
  config::Clock::Wall when;
};

struct AuditEntry {
  std::int64_t id = 0;
  config::Clock::Wall at;
  std::string who;
  std::string action;  // create, change, rotate, enable, disable, delete; reconcile
  std::string subject;
  std::string before;  // JSON without secrets; empty: it was made
  std::string after;   // empty: it is gone
};

class KeyStore {
 public:
  explicit KeyStore(sqlite::Database& database) : database_(database) {}

  // By name.
  config::Result<std::vector<StoredKey>> all();
  // By id, or where there is none of that id by name. Errors: not_found.
  config::Result<StoredKey> find(std::string_view id_or_name);

  // Whether the ledger has ever spoken of this name.
  config::Result<bool> is_recorded(std::string_view name);

  // Errors: conflict, where the name is taken or `made_for` (empty: none given) has made a
  // key already.
  config::Result<StoredKey> create(const std::string& id, const std::string& name,
                                   const Settings& settings, const SecretDigest& secret,
                                   const std::string& made_for, const By& by);
  struct Changed {
    StoredKey before;
    StoredKey after;
  };
  // `version`: what the caller has seen; conflict where the key has changed since. `change`
  // gets the key as it is, may set its settings and `enabled`, and may refuse. What it
  // leaves as it is keeps its version, and is not in the log.
  using Change = std::function<config::Result<void>(StoredKey& key)>;
  config::Result<Changed> change(std::string_view id, std::optional<std::int64_t> version,
                                 std::string_view action, const Change& change, const By& by);
  // The secrets so far are good until `until`, or until their own end if that is earlier;
  // those that have ended are forgotten.
  config::Result<Changed> rotate(std::string_view id, std::optional<std::int64_t> version,
                                 const SecretDigest& fresh, config::Clock::Wall until,
                                 const By& by);
  // The key as it was.
  config::Result<StoredKey> remove(std::string_view id, std::optional<std::int64_t> version,
                                   const By& by);

  // Something else than a change of a key that belongs into the log: `asked` is JSON.
  config::Result<void> note(const By& by, std::string_view action, std::string_view subject,
                            std::string_view asked);

  // When keys, by id, were last used. No change in the sense of the log or the version.
  using Use = std::pair<std::string, config::Clock::Wall>;
  config::Result<void> note_uses(std::span<const Use> uses);

  // The newest first, at most `limit`, older than the entry `before` (0: from the newest).
  config::Result<std::vector<AuditEntry>> audit(std::int64_t before, std::size_t limit);

 private:
  config::Result<std::vector<StoredKey>> read(std::string_view condition, std::string_view value);
  config::Result<void> add_secret(const std::string& id, const SecretDigest& secret,
                                  config::Clock::Wall made_at);
  config::Result<void> log(const By& by, std::string_view action, const StoredKey* before,
                           const StoredKey* after);
  config::Result<Changed> change_in(std::string_view id, std::optional<std::int64_t> version,
                                    std::string_view action, const Change& change, const By& by);

  sqlite::Database& database_;
};

}  // namespace gateway::keys
