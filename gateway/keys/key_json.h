#pragma once
// Keys as JSON: what the admin API and the database hold of them. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/keys/stored_key.h"
#include "providers/wire/json_document.h"
#include "providers/wire/json_writer.h"
#include "providers/wire/strict_object.h"

namespace gateway::keys {

// Members of an object that is open: team, owner, tags, models, allow_upstream_extras,
// allow_routing_override, limits, not_before, expires_at. Money as decimal strings. Budgets are
// written apart, since the API shows more of them.
void write_settings(providers::JsonWriter& json, const Settings& settings);
// One budget's members: window, zone, limit.
void write_budget(providers::JsonWriter& json, const config::Budget& budget);

// What an object may hold of settings, budgets included; what it does not hold stays. The
// first fault is the object's.
void read_settings(providers::StrictObject& object, Settings& settings);

// What settings must be beyond their types: models that exist, zones the system knows, an end
// behind its beginning. Errors: invalid_request.
config::Result<void> check_settings(const Settings& settings,
                                    const std::vector<config::Model>& models);

// For the database and the audit log: everything but secrets' digests and last use.
std::string settings_text(const Settings& settings);
config::Result<Settings> parse_settings(std::string_view text);
// {"name":…,"state":…,"version":…,settings}; what a change was, and is now.
std::string audit_text(const StoredKey& key);

// "active", "disabled", "expired" or "not_yet_valid".
std::string_view state_of(const StoredKey& key, config::Clock::Wall now);

}  // namespace gateway::keys
