#include "gateway/cli/keys.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "config/base/clock.h"
#include "gateway/cli/administration.h"
#include "gateway/cli/keys_output.h"
#include "gateway/cli/load_config.h"
#include "gateway/keys/timestamps.h"
#include "providers/wire/json_document.h"
#include "providers/wire/json_writer.h"

namespace gateway::cli {
namespace {

using config::Result;
using http::verb;
using providers::JsonWriter;

constexpr int kFailed = 1;
constexpr int kMisused = 2;

int complain(const std::string& message) {
  fmt::print(stderr, "{}\n", message);
  return kFailed;
}

std::string path_of(const KeysOptions& options, std::string_view action = {}) {
  return fmt::format("/api/keys/{}{}", percent_encoded(options.key), action);
}

// Asks whoever holds the ledger; `show` prints the answer where JSON is not wanted.
template <class Show>
int ask(const KeysOptions& options, verb method, const std::string& path, const std::string& body,
        const Show& show) {
  const auto snapshot = load_snapshot(options.config_path);
  if (!snapshot) return kMisused;
  auto keys = administration((*snapshot)->config());
  if (!keys) return complain(keys.error().message);
  auto answer = (*keys)->ask(method, path, body);
  if (!answer) return complain(answer.error().message);
  if (options.json) {
    fmt::print("{}\n", *answer);
  } else {
    show(*answer);
  }
  return 0;
}

void show_facts(const std::string& answer) {
  fmt::print("{}", key_facts(answer));
}

// The secret stands alone on the last line, where scripts find it.
void show_secret(const std::string& answer) {
  providers::JsonDocument document;
  document.read(answer);
  fmt::print("{}\nThis is the key; it is shown this once:\n{}\n", key_facts(answer),
             document.root()["secret"].text());
}

// "100/month", "5/day@Europe/Berlin": the amount, the window, the zone.
Result<void> write_budget(JsonWriter& json, std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    const std::string_view amount = text.substr(0, text.find('@'));
    return config::invalid_request(
        fmt::format("--budget {}: the window is missing: write {}/month (or hour, day, week, "
                    "total), or {}/month@Europe/Berlin",
                    text, amount, amount));
  }
  const std::string_view window = text.substr(slash + 1);
  const auto at = window.find('@');
  json.begin_object().member("limit", text.substr(0, slash));
  json.member("window", window.substr(0, at));
  if (at != std::string_view::npos) json.member("zone", window.substr(at + 1));
  json.end_object();
  return {};
}

// A moment, a time from now, or "never".
Result<void> write_moment(JsonWriter& json, std::string_view member, std::string_view option,
                          const std::string& text) {
  if (text.empty()) return {};
  json.key(member);
  if (text == "never") {
    json.null();
    return {};
  }
  auto moment = keys::parse_timestamp(text);
  if (!moment && seconds_in(text) >= 0) {
    moment = config::SystemClock().wall() + std::chrono::seconds(seconds_in(text));
  }
  if (!moment) {
    return config::invalid_request(
        fmt::format("{} {}: write a moment like 2026-12-01T00:00:00Z, or a time from now like 30d",
                    option, text));
  }
  json.value(keys::to_timestamp(*moment));
  return {};
}

void write_words(JsonWriter& json, std::string_view member, const std::vector<std::string>& words) {
  if (words.empty()) return;
  json.key(member).begin_array();
  if (words != std::vector<std::string>{"none"}) {
    for (const std::string& word : words) json.value(word);
  }
  json.end_array();
}

void write_limit(JsonWriter& json, std::string_view member, std::optional<std::int64_t> limit) {
  if (!limit) return;
  json.key(member);
  if (*limit == 0) {
    json.null();
  } else {
    json.value(*limit);
  }
}

Result<void> write_budgets(JsonWriter& json, const std::vector<std::string>& budgets) {
  if (budgets.empty()) return {};
  json.key("budgets").begin_array();
  if (budgets != std::vector<std::string>{"none"}) {
    for (const std::string& budget : budgets) {
      if (auto written = write_budget(json, budget); !written) return written;
    }
  }
  json.end_array();
  return {};
}

// What the options say of a key, and nothing else.
Result<std::string> body_of(const KeysOptions& options, bool with_name) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (with_name) json.member("name", options.key);
  if (options.team) json.member("team", *options.team);
  if (options.owner) json.member("owner", *options.owner);
  write_words(json, "tags", options.tags);
  write_words(json, "models", options.models);
  if (options.requests_per_minute || options.tokens_per_minute || options.concurrent) {
    json.key("limits").begin_object();
    write_limit(json, "rpm", options.requests_per_minute);
    write_limit(json, "tpm", options.tokens_per_minute);
    write_limit(json, "concurrent", options.concurrent);
    json.end_object();
  }
  if (options.allow_upstream_extras) {
    json.member("allow_upstream_extras", *options.allow_upstream_extras);
  }
  if (options.allow_routing_override) {
    json.member("allow_routing_override", *options.allow_routing_override);
  }
  auto written = write_budgets(json, options.budgets);
  if (written) written = write_moment(json, "not_before", "--not-before", options.not_before);
  if (written) written = write_moment(json, "expires_at", "--expires", options.expires);
  if (!written) return std::move(written).error();
  json.end_object();
  return body;
}

int misused(const config::Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return kMisused;
}

}  // namespace

int create_key(const KeysOptions& options) {
  const auto body = body_of(options, true);
  if (!body) return misused(body.error());
  return ask(options, verb::post, "/api/keys", *body, show_secret);
}

int set_key(const KeysOptions& options) {
  const auto body = body_of(options, false);
  if (!body) return misused(body.error());
  if (*body == "{}") {
    return misused(config::invalid_request(
        "Nothing to change: say what is new, as --rpm 60 (tollgate keys set --help)."));
  }
  return ask(options, verb::patch, path_of(options), *body, show_facts);
}

int list_keys(const KeysOptions& options) {
  return ask(options, verb::get, "/api/keys", {},
             [](const std::string& answer) { fmt::print("{}", keys_table(answer)); });
}

int show_key(const KeysOptions& options) {
  return ask(options, verb::get, path_of(options), {}, show_facts);
}

int rotate_key(const KeysOptions& options) {
  const std::int64_t overlap = seconds_in(options.overlap);
  if (overlap < 0) {
    fmt::print(stderr, "--overlap {}: write a time like 1h, 7d, or 0\n", options.overlap);
    return kMisused;
  }
  return ask(options, verb::post, path_of(options, "/rotate"),
             fmt::format(R"({{"overlap_s":{}}})", overlap), show_secret);
}

int disable_key(const KeysOptions& options) {
  return ask(options, verb::post, path_of(options, "/disable"), {}, show_facts);
}

int enable_key(const KeysOptions& options) {
  return ask(options, verb::post, path_of(options, "/enable"), {}, show_facts);
}

int delete_key(const KeysOptions& options) {
  return ask(options, verb::delete_, path_of(options), {}, [&](const std::string&) {
    fmt::print("{} is deleted; its records stay.\n", options.key);
  });
}

int show_audit(const KeysOptions& options) {
  return ask(options, verb::get, fmt::format("/api/audit?limit={}", options.entries), {},
             [](const std::string& answer) { fmt::print("{}", audit_table(answer)); });
}

}  // namespace gateway::cli
