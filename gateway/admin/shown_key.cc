#include "gateway/admin/shown_key.h"

#include <string_view>

#include "gateway/keys/key_json.h"
#include "gateway/keys/timestamps.h"

namespace gateway::admin {
namespace {

using config::Clock;
using keys::StoredKey;
using providers::JsonWriter;

void write_moment(JsonWriter& json, std::string_view name,
                  const std::optional<Clock::Wall>& moment) {
  json.key(name);
  if (moment) {
    json.value(keys::to_timestamp(*moment));
  } else {
    json.null();
  }
}

void write_text_or_null(JsonWriter& json, std::string_view name, std::string_view raw) {
  json.key(name);
  if (raw.empty()) {
    json.null();
  } else {
    json.raw(raw);
  }
}

void write_budgets(JsonWriter& json, const std::vector<config::Budget>& budgets,
                   const KnownOfKey& known) {
  json.key("budgets").begin_array();
  for (const config::Budget& budget : budgets) {
    json.begin_object();
    keys::write_budget(json, budget);
    for (const limits::BudgetStatus& status : known.budgets) {
      if (status.budget.window != budget.window || status.budget.zone != budget.zone) continue;
      json.member("spent", config::to_usd(status.spent));
      json.member("held", config::to_usd(status.held)).member("learnt", status.learnt);
      write_moment(json, "resets_at", status.resets_at);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_key(JsonWriter& json, const StoredKey& key, const KnownOfKey& known, Clock::Wall now) {
  json.begin_object();
  json.member("id", key.id).member("name", key.name).member("source", "store");
  json.member("hint", key.secrets.empty() ? "" : std::string_view(key.secrets.front().hint));
  json.member("state", keys::state_of(key, now));
  keys::write_settings(json, key.settings);
  write_budgets(json, key.settings.limits.budgets, known);
  // The replaced ones that still open the door.
  json.key("replaced").begin_array();
  for (const keys::SecretDigest& secret : key.secrets) {
    if (!secret.until || *secret.until <= now) continue;
    json.begin_object().member("hint", secret.hint);
    write_moment(json, "until", secret.until);
    json.end_object();
  }
  json.end_array();
  json.member("created_at", keys::to_timestamp(key.created_at));
  auto used = known.last_use;
  if (!used || (key.last_used_at && *key.last_used_at > *used)) used = key.last_used_at;
  write_moment(json, "last_used_at", used);
  json.member("version", key.version);
  json.end_object();
}

void write_key(JsonWriter& json, const config::Key& key, const KnownOfKey& known) {
  keys::Settings settings;
  settings.team = key.team.str();
  settings.models = key.models;
  settings.allow_upstream_extras = key.allow_upstream_extras;
  settings.allow_routing_override = key.allow_routing_override;
  settings.limits = key.limits;
  json.begin_object();
  json.key("id").null();
  json.member("name", key.name.view()).member("source", "file");
  json.member("hint", "").member("state", "active");
  keys::write_settings(json, settings);
  write_budgets(json, key.limits.budgets, known);
  json.key("replaced").begin_array().end_array();
  json.key("created_at").null();
  write_moment(json, "last_used_at", known.last_use);
  json.key("version").null();
  json.end_object();
}

void write_entry(JsonWriter& json, const keys::AuditEntry& entry) {
  json.begin_object().member("id", entry.id).member("at", keys::to_timestamp(entry.at));
  json.member("who", entry.who).member("action", entry.action).member("key", entry.subject);
  write_text_or_null(json, "before", entry.before);
  write_text_or_null(json, "after", entry.after);
  json.end_object();
}

void write_freshness(JsonWriter& json, Clock::Wall now) {
  json.member("as_of", keys::to_timestamp(now)).member("zone", "UTC");
}

}  // namespace gateway::admin
