#include "gateway/admin/keys_api.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "config/base/utf8.h"
#include "config/nearest.h"
#include "gateway/admin/read_call.h"
#include "gateway/keys/key_json.h"
#include "gateway/keys/secret.h"
#include "providers/wire/json_writer.h"

namespace gateway::admin {
namespace {

using config::ErrorCode;
using config::Result;
using http::verb;
using keys::StoredKey;
using providers::JsonWriter;
using providers::StrictObject;

constexpr std::string_view kKeys = "/api/keys";
constexpr std::string_view kAudit = "/api/audit";
constexpr std::size_t kLongestName = 128;
constexpr std::int64_t kLongestOverlap = 90 * 24 * 3600;
constexpr std::size_t kKeysAtOnce = 200;  // moments, of a list that may take seconds

config::Error nothing_here() {
  return config::failure(ErrorCode::not_found, "There is nothing at this path.");
}

config::Error wrong_method() {
  return config::failure(ErrorCode::method_not_allowed,
                         "This path is not served with this method.");
}

config::Error about_to_end() {
  return config::failure(
      ErrorCode::server_shutdown,
      "Another gateway writes the ledger, or this one is about to end; ask that or the next.");
}

const config::Key* file_key(const config::Config& configuration, std::string_view name) {
  const auto& all = configuration.keys;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const config::Key& key) { return key.name.view() == name; });
  return found == all.end() ? nullptr : &*found;
}

// A name may be asked for in a path, so it must look like none of the paths below it.
bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && !name.starts_with("key_") &&
         std::none_of(name.begin(), name.end(), config::is_control);
}

bool is_idempotency_key(std::string_view text) {
  return text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Awaitable<void> let_others_pass() {
  constexpr net::use_awaitable_t<Executor> kToken{};
  co_await net::post(co_await net::this_coro::executor, kToken);
}

}  // namespace

KeysApi::KeysApi(keys::StoreAccess& store, const config::Clock& clock, Random random,
                 Surroundings around)
    : store_(store), clock_(clock), random_(std::move(random)), around_(std::move(around)) {}

Awaitable<Result<Answer>> KeysApi::handle(const Call& call) {
  if (call.path == kAudit) {
    if (call.method != verb::get) co_return wrong_method();
    co_return co_await audit(call);
  }
  if (!call.path.starts_with(kKeys)) co_return nothing_here();
  std::string_view rest = call.path.substr(kKeys.size());
  if (rest.empty()) {
    if (call.method == verb::get) co_return co_await list();
    if (call.method == verb::post) co_return co_await create(call);
    co_return wrong_method();
  }
  if (rest.front() != '/' || rest.size() == 1) co_return nothing_here();
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  const std::string_view id = rest.substr(0, slash);
  if (slash == std::string_view::npos) {
    if (call.method == verb::get) co_return co_await show(id);
    if (call.method == verb::patch) co_return co_await change(id, call);
    if (call.method == verb::delete_) co_return co_await remove(id, call);
    co_return wrong_method();
  }
  const std::string_view action = rest.substr(slash + 1);
  if (action != "rotate" && action != "disable" && action != "enable") co_return nothing_here();
  if (call.method != verb::post) co_return wrong_method();
  if (action == "rotate") co_return co_await rotate(id, call);
  co_return co_await switch_to(id, action == "enable", call);
}

template <class Work>
Awaitable<std::invoke_result_t<Work, keys::KeyStore&>> KeysApi::changed(Work work) {
  std::optional<std::invoke_result_t<Work, keys::KeyStore&>> out;
  auto there = [&](keys::KeyStore& store) { out.emplace(work(store)); };
  const bool done = co_await store_.change(std::move(there));
  if (!done || !out) co_return about_to_end();
  co_return *std::move(out);
}

template <class Work>
Awaitable<std::invoke_result_t<Work, keys::KeyStore&>> KeysApi::read(Work work) {
  std::optional<std::invoke_result_t<Work, keys::KeyStore&>> out;
  auto there = [&](keys::KeyStore& store) { out.emplace(work(store)); };
  const bool done = co_await store_.read(std::move(there));
  if (!done || !out) co_return about_to_end();
  co_return *std::move(out);
}

Awaitable<Result<Answer>> KeysApi::list() {
  auto all = [](keys::KeyStore& store) { return store.all(); };
  auto stored = co_await read(all);
  if (!stored) co_return std::move(stored).error();
  const auto configuration = around_.configuration();
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object();
  write_freshness(json, clock_.wall());
  json.key("keys").begin_array();
  for (const config::Key& key : configuration->keys) write_key(json, key, known_of(key));
  std::size_t written = 0;
  for (const StoredKey& key : *stored) {
    write_key(json, key, known_of(key), clock_.wall());
    if (++written % kKeysAtOnce == 0) co_await let_others_pass();
  }
  json.end_array().end_object();
  co_return answer;
}

Awaitable<Result<Answer>> KeysApi::show(std::string_view id) {
  auto find = [id](keys::KeyStore& store) { return store.find(id); };
  auto stored = co_await read(find);
  if (stored) co_return one(*stored, 200, nullptr);
  const auto configuration = around_.configuration();
  const config::Key* key = file_key(*configuration, id);
  if (key == nullptr) co_return std::move(stored).error();
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object();
  write_freshness(json, clock_.wall());
  json.key("key");
  write_key(json, *key, known_of(*key));
  json.end_object();
  co_return answer;
}

Awaitable<Result<Answer>> KeysApi::create(const Call& call) {
  const auto configuration = around_.configuration();
  std::string name;
  keys::Settings settings;
  auto read = read_body(call.body, [&](StrictObject& object) {
    object.text("name", name, kLongestName);
    keys::read_settings(object, settings);
  });
  if (read) read = keys::check_settings(settings, configuration->models);
  if (!read) co_return std::move(read).error();
  if (settings.expires_at && *settings.expires_at <= clock_.wall()) {
    co_return config::invalid_request("`expires_at` has passed: the key would never be good.",
                                      "expires_at");
  }
  if (!is_key_name(name)) {
    co_return config::invalid_request(
        fmt::format("`name` {}: one line of at most 128 bytes without '/', not beginning with "
                    "key_, and not . or ..",
                    name.empty() ? "is required" : "cannot be " + config::in_quotes(name)),
        "name");
  }
  if (file_key(*configuration, name) != nullptr) {
    co_return config::failure(
        ErrorCode::conflict,
        fmt::format("The configuration file has a key named `{}` already.", name));
  }
  if (!is_idempotency_key(call.idempotency_key)) {
    co_return config::invalid_request("Idempotency-Key must be at most 128 printable characters.",
                                      "idempotency-key");
  }
  const auto secret = keys::make_secret(random_);
  const auto id = keys::make_id(random_);
  bool new_name = false;
  auto insert = [&](keys::KeyStore& store) {
    const auto recorded = store.is_recorded(name);
    new_name = recorded && !*recorded;
    return store.create(id, name, settings, secret.kept, std::string(call.idempotency_key),
                        by(call));
  };
  auto made = co_await changed(insert);
  if (!made) co_return std::move(made).error();
  const Told how{.status = 201, .secret = &secret.text, .new_name = new_name};
  co_return co_await tell(*made, how);
}

Awaitable<Result<Answer>> KeysApi::change(std::string_view id, const Call& call) {
  if (auto stored = expect_stored(id); !stored) co_return std::move(stored).error();
  auto version = version_in(call.if_match);
  if (!version) co_return std::move(version).error();
  const auto configuration = around_.configuration();
  const auto apply = [&](StoredKey& key) -> Result<void> {
    auto read = read_body(call.body, [&](StrictObject& object) {
      std::string name = key.name;
      object.text("name", name, kLongestName);
      if (name != key.name) {
        object.fail(config::invalid_request(
            "`name` cannot change: what the key spent is recorded under it. Make a new key.",
            "name"));
      }
      keys::read_settings(object, key.settings);
    });
    if (!read) return read;
    return keys::check_settings(key.settings, configuration->models);
  };
  auto update = [&](keys::KeyStore& store) {
    return store.change(id, *version, "change", apply, by(call));
  };
  auto done = co_await changed(update);
  if (!done) co_return std::move(done).error();
  co_return co_await tell(done->after, {});
}

Awaitable<Result<Answer>> KeysApi::remove(std::string_view id, const Call& call) {
  if (auto stored = expect_stored(id); !stored) co_return std::move(stored).error();
  auto version = version_in(call.if_match);
  if (!version) co_return std::move(version).error();
  if (auto empty = expect_no_body(call.body); !empty) co_return std::move(empty).error();
  auto erase = [&](keys::KeyStore& store) { return store.remove(id, *version, by(call)); };
  auto gone = co_await changed(erase);
  if (!gone) co_return std::move(gone).error();
  const KeyChange change{gone->id, nullptr};
  if (around_.changed) co_await around_.changed(change);
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object();
  write_freshness(json, clock_.wall());
  json.key("deleted").begin_object();
  json.member("id", gone->id).member("name", gone->name);
  json.end_object().end_object();
  co_return answer;
}

Awaitable<Result<Answer>> KeysApi::rotate(std::string_view id, const Call& call) {
  if (auto stored = expect_stored(id); !stored) co_return std::move(stored).error();
  auto version = version_in(call.if_match);
  if (!version) co_return std::move(version).error();
  std::optional<std::int64_t> overlap = 3600;
  auto read = read_body(call.body, [&](StrictObject& object) {
    object.whole("overlap_s", overlap, 0, kLongestOverlap);
  });
  if (!read) co_return std::move(read).error();
  const auto who = by(call);
  const auto until = who.when + std::chrono::seconds(overlap.value_or(0));
  const auto secret = keys::make_secret(random_);
  auto replace = [&](keys::KeyStore& store) {
    return store.rotate(id, *version, secret.kept, until, who);
  };
  auto done = co_await changed(replace);
  if (!done) co_return std::move(done).error();
  const Told how{.secret = &secret.text};
  co_return co_await tell(done->after, how);
}

Awaitable<Result<Answer>> KeysApi::switch_to(std::string_view id, bool enabled, const Call& call) {
  if (auto stored = expect_stored(id); !stored) co_return std::move(stored).error();
  auto version = version_in(call.if_match);
  if (!version) co_return std::move(version).error();
  if (auto empty = expect_no_body(call.body); !empty) co_return std::move(empty).error();
  const auto apply = [enabled](StoredKey& key) -> Result<void> {
    key.enabled = enabled;
    return {};
  };
  auto update = [&](keys::KeyStore& store) {
    return store.change(id, *version, enabled ? "enable" : "disable", apply, by(call));
  };
  auto done = co_await changed(update);
  if (!done) co_return std::move(done).error();
  co_return co_await tell(done->after, {});
}

Awaitable<Result<Answer>> KeysApi::audit(const Call& call) {
  constexpr std::int64_t kMost = 1'000;
  auto before = number_in(call.query, "before");
  if (!before) co_return std::move(before).error();
  auto limit = number_in(call.query, "limit");
  if (!limit) co_return std::move(limit).error();
  const auto most =
      static_cast<std::size_t>(std::clamp<std::int64_t>(limit->value_or(100), 1, kMost));
  auto newest = [&](keys::KeyStore& store) { return store.audit(before->value_or(0), most); };
  auto entries = co_await read(newest);
  if (!entries) co_return std::move(entries).error();
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object();
  write_freshness(json, clock_.wall());
  json.key("entries").begin_array();
  for (const keys::AuditEntry& entry : *entries) write_entry(json, entry);
  json.end_array().end_object();
  co_return answer;
}

Result<void> KeysApi::expect_stored(std::string_view id) const {
  if (file_key(*around_.configuration(), id) == nullptr) return {};
  return config::failure(
      ErrorCode::conflict,
      fmt::format("The key `{}` stands in the configuration file: change it there.", id));
}

Awaitable<Answer> KeysApi::tell(const StoredKey& now, Told how) const {
  const KeyChange change{now.id, &now, how.new_name};
  if (around_.changed) co_await around_.changed(change);
  co_return one(now, how.status, how.secret);
}

keys::By KeysApi::by(const Call& call) const {
  return {call.who, clock_.wall()};
}

Answer KeysApi::one(const StoredKey& key, unsigned status, const config::Secret* secret) const {
  Answer answer;
  answer.status = status;
  JsonWriter json(answer.body);
  json.begin_object();
  write_freshness(json, clock_.wall());
  json.key("key");
  write_key(json, key, known_of(key), clock_.wall());
  if (secret != nullptr) json.member("secret", secret->reveal());
  json.end_object();
  return answer;
}

KnownOfKey KeysApi::known_of(const StoredKey& key) const {
  auto known = known_of(key.name, key.settings.team);
  if (around_.last_use) known.last_use = around_.last_use(key.id);
  return known;
}

KnownOfKey KeysApi::known_of(const config::Key& key) const {
  auto known = known_of(key.name.str(), key.team.str());
  if (around_.last_use_of_file_key) known.last_use = around_.last_use_of_file_key(key);
  return known;
}

KnownOfKey KeysApi::known_of(const std::string& name, const std::string& team) const {
  KnownOfKey known;
  if (around_.budgets) known.budgets = around_.budgets(name, team);
  return known;
}

}  // namespace gateway::admin
