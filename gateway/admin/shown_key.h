#pragma once
// Keys, and the log of what was done to them, as the admin API shows them. Pure.

#include <optional>
#include <vector>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/keys/key_store.h"
#include "gateway/keys/stored_key.h"
#include "gateway/limits/limiter.h"
#include "providers/wire/json_writer.h"

namespace gateway::admin {

// What the process that answers knows of a key beside the store; nothing where no gateway runs.
struct KnownOfKey {
  std::optional<config::Clock::Wall> last_use;
  std::vector<limits::BudgetStatus> budgets;  // of the key's own account
};

// One object each.
void write_key(providers::JsonWriter& json, const keys::StoredKey& key, const KnownOfKey& known,
               config::Clock::Wall now);
void write_key(providers::JsonWriter& json, const config::Key& key, const KnownOfKey& known);
void write_entry(providers::JsonWriter& json, const keys::AuditEntry& entry);

// `"as_of":…,"zone":…`, the first members of every answer.
void write_freshness(providers::JsonWriter& json, config::Clock::Wall now);

}  // namespace gateway::admin
