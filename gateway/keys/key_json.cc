#include "gateway/keys/key_json.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "config/allow_list.h"
#include "config/calendar.h"
#include "config/nearest.h"
#include "gateway/keys/timestamps.h"
#include "gateway/ledger/tags.h"

namespace gateway::keys {
namespace {

using providers::JsonType;
using providers::JsonValue;
using providers::JsonWriter;
using providers::Place;
using providers::StrictObject;

constexpr std::size_t kLongestName = 128;
constexpr std::size_t kMostWords = 64;
constexpr std::int64_t kMostPerMinute = 1'000'000'000'000;
constexpr config::Window kWindows[] = {config::Window::hour, config::Window::day,
                                       config::Window::week, config::Window::month,
                                       config::Window::total};

void write_words(JsonWriter& json, std::string_view name, const std::vector<std::string>& words) {
  json.key(name).begin_array();
  for (const std::string& word : words) json.value(word);
  json.end_array();
}

void write_number(JsonWriter& json, std::string_view name,
                  const std::optional<std::int64_t>& number) {
  json.key(name);
  if (number) {
    json.value(*number);
  } else {
    json.null();
  }
}

void write_moment(JsonWriter& json, std::string_view name,
                  const std::optional<config::Clock::Wall>& moment) {
  json.key(name);
  if (moment) {
    json.value(to_timestamp(*moment));
  } else {
    json.null();
  }
}

void write_budgets(JsonWriter& json, const std::vector<config::Budget>& budgets) {
  json.key("budgets").begin_array();
  for (const config::Budget& budget : budgets) {
    json.begin_object();
    write_budget(json, budget);
    json.end_object();
  }
  json.end_array();
}

void read_moment(StrictObject& object, std::string_view name,
                 std::optional<config::Clock::Wall>& out) {
  const JsonValue value = object.get(name);
  if (!value) return;
  if (value.is_null()) return out.reset();
  const auto moment = parse_timestamp(value.text());
  if (!moment) {
    return object.fail(
        providers::wrong_value(object.place_of(name), "a moment like 2026-12-01T00:00:00Z"));
  }
  out = *moment;
}

void read_limits(StrictObject& object, config::Limits& out) {
  const JsonValue value = object.get("limits");
  if (!value) return;
  const auto budgets = std::move(out.budgets);
  if (value.is_null()) {
    out = {};
  } else {
    const Place place = object.place_of("limits");
    StrictObject limits(value, place);
    limits.whole("rpm", out.requests_per_minute, 1, kMostPerMinute);
    limits.whole("tpm", out.tokens_per_minute, 1, kMostPerMinute);
    limits.whole("concurrent", out.concurrent, 1, kMostPerMinute);
    if (auto read = limits.done(); !read) object.fail(std::move(read).error());
  }
  out.budgets = budgets;
}

config::Result<config::Budget> read_budget(JsonValue value, const Place& place) {
  config::Budget out;
  StrictObject budget(value, place);
  std::string limit;
  budget.text("limit", limit, 32);
  std::string window;
  budget.text("window", window, 16);
  budget.text("zone", out.zone, kLongestName);
  if (auto read = budget.done(); !read) return std::move(read).error();
  const auto amount = config::exact_usd(limit);
  if (!amount || amount->value <= 0) {
    return providers::wrong_value(
        place.member("limit"), "an amount of USD above zero as a decimal string, like \"12.50\"");
  }
  out.limit = *amount;
  const auto found = std::find_if(std::begin(kWindows), std::end(kWindows),
                                  [&](config::Window one) { return to_string(one) == window; });
  if (found == std::end(kWindows)) {
    return providers::wrong_value(place.member("window"), "hour, day, week, month or total");
  }
  out.window = *found;
  return out;
}

void read_budgets(StrictObject& object, std::vector<config::Budget>& out) {
  constexpr std::size_t kMost = 16;
  const JsonValue value = object.get("budgets");
  if (!value) return;
  if (value.is_null()) return out.clear();
  const Place place = object.place_of("budgets");
  if (!value.is(JsonType::array)) {
    return object.fail(providers::wrong_type(place, "a list of budgets", value));
  }
  std::vector<config::Budget> read;
  for (const JsonValue element : value.elements()) {
    const Place inner = place.element(read.size());
    if (read.size() == kMost) {
      return object.fail(providers::wrong_value(place, fmt::format("a list of at most {}", kMost)));
    }
    auto budget = read_budget(element, inner);
    if (!budget) return object.fail(std::move(budget).error());
    const bool twice = std::any_of(read.begin(), read.end(), [&](const config::Budget& other) {
      return other.window == budget->window && other.zone == budget->zone;
    });
    if (twice) {
      return object.fail(providers::wrong_value(inner, "the only one of its window and zone"));
    }
    read.push_back(*std::move(budget));
  }
  out = std::move(read);
}

}  // namespace

void write_settings(JsonWriter& json, const Settings& settings) {
  json.member("team", settings.team);
  json.member("owner", settings.owner);
  write_words(json, "tags", settings.tags);
  // A list in any case: clients need no second way to say "every model".
  if (settings.models.empty()) {
    write_words(json, "models", {"*"});
  } else {
    write_words(json, "models", settings.models);
  }
  json.member("allow_upstream_extras", settings.allow_upstream_extras);
  json.member("allow_routing_override", settings.allow_routing_override);
  json.key("limits").begin_object();
  write_number(json, "rpm", settings.limits.requests_per_minute);
  write_number(json, "tpm", settings.limits.tokens_per_minute);
  write_number(json, "concurrent", settings.limits.concurrent);
  json.end_object();
  write_moment(json, "not_before", settings.not_before);
  write_moment(json, "expires_at", settings.expires_at);
}

void write_budget(JsonWriter& json, const config::Budget& budget) {
  json.member("window", to_string(budget.window));
  json.member("zone", budget.zone);
  json.member("limit", config::to_usd(budget.limit));
}

void read_settings(StrictObject& object, Settings& settings) {
  object.text("team", settings.team, kLongestName);
  object.text("owner", settings.owner, kLongestName);
  object.words("tags", settings.tags, kMostWords, kLongestName);
  object.words("models", settings.models, 1024, 256);
  if (settings.models == std::vector<std::string>{"*"}) settings.models.clear();
  object.flag("allow_upstream_extras", settings.allow_upstream_extras);
  object.flag("allow_routing_override", settings.allow_routing_override);
  read_limits(object, settings.limits);
  read_budgets(object, settings.limits.budgets);
  read_moment(object, "not_before", settings.not_before);
  read_moment(object, "expires_at", settings.expires_at);
  const JsonValue models = object.get("models");
  if (models.is(JsonType::array) && models.empty()) {
    object.fail(providers::wrong_value(object.place_of("models"),
                                       "null, or a list that allows something; [\"*\"] is all"));
  }
}

config::Result<void> check_settings(const Settings& settings,
                                    const std::vector<config::Model>& models) {
  if (settings.tags.size() > kMaxTags) {
    return config::invalid_request(fmt::format("`tags` takes up to {}.", kMaxTags), "tags");
  }
  for (std::size_t i = 0; i < settings.tags.size(); ++i) {
    if (read_tag(settings.tags[i])) continue;
    const std::string param = fmt::format("tags[{}]", i);
    return config::invalid_request(
        fmt::format("`{}`: {} is no tag. Write project=x, or a name alone: 1 to {} of a-z, 0-9, "
                    "_ . and -; a value has up to {} printable characters and no comma.",
                    param, config::in_quotes(settings.tags[i]), kMaxTagName, kMaxTagValue),
        param);
  }
  for (std::size_t i = 0; i < settings.models.size(); ++i) {
    const std::string fault = config::allow_list_fault(settings.models[i], models);
    if (fault.empty()) continue;
    const std::string param = fmt::format("models[{}]", i);
    return config::invalid_request(config::as_sentence(fmt::format("`{}`: {}", param, fault)),
                                   param);
  }
  const auto& budgets = settings.limits.budgets;
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    if (config::is_zone(budgets[i].zone)) continue;
    const std::string param = fmt::format("budgets[{}].zone", i);
    const auto zones = config::zone_names();
    const std::vector<std::string_view> known(zones.begin(), zones.end());
    return config::invalid_request(
        config::as_sentence(fmt::format("`{}`: no time zone is called {}{}", param,
                                        config::in_quotes(budgets[i].zone),
                                        config::did_you_mean(budgets[i].zone, known))),
        param);
  }
  if (settings.not_before && settings.expires_at && *settings.expires_at <= *settings.not_before) {
    return config::invalid_request("`expires_at` must be later than `not_before`.", "expires_at");
  }
  return {};
}

std::string settings_text(const Settings& settings) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_settings(json, settings);
  write_budgets(json, settings.limits.budgets);
  json.end_object();
  return out;
}

config::Result<Settings> parse_settings(std::string_view text) {
  providers::JsonDocument document;
  Settings out;
  document.read(text);
  const Place place;
  StrictObject object(document.root(), place);
  read_settings(object, out);
  auto read = object.done();
  if (!read) {
    return config::failure(config::ErrorCode::internal, "A stored key cannot be read.",
                           read.error().message);
  }
  return out;
}

std::string audit_text(const StoredKey& key) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("name", key.name);
  json.member("enabled", key.enabled);
  json.member("version", key.version);
  json.key("secrets").begin_array();
  for (const SecretDigest& secret : key.secrets) {
    json.begin_object().member("hint", secret.hint);
    write_moment(json, "until", secret.until);
    json.end_object();
  }
  json.end_array();
  write_settings(json, key.settings);
  write_budgets(json, key.settings.limits.budgets);
  json.end_object();
  return out;
}

std::string_view state_of(const StoredKey& key, config::Clock::Wall now) {
  if (!key.enabled) return "disabled";
  if (key.settings.expires_at && now >= *key.settings.expires_at) return "expired";
  if (key.settings.not_before && now < *key.settings.not_before) return "not_yet_valid";
  return "active";
}

}  // namespace gateway::keys
