#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "config/text_file.h"
#include "gateway/chat/dry_run.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/configure_limits.h"
#include "gateway/keys/key_json.h"
#include "gateway/keys/key_store.h"
#include "gateway/keys/live_keys.h"
#include "gateway/ledger/ledger_reader.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/limits/local_limiter.h"
#include "providers/wire/json_document.h"
#include "providers/wire/json_text.h"

namespace gateway::cli {
namespace {

using config::Result;
using providers::JsonValue;

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kPadding = 64;  // as ChatRequest::bytes wants it

// One that is stored beside the configuration's.
Result<keys::StoredKey> stored_key(const std::string& name, const config::Config& config) {
  auto reader = sqlite::open_for_reading(config.ledger.database, kPatience, sqlite::Shape::keys);
  if (!reader) return std::move(reader).error();
  auto found = keys::KeyStore(*reader).find(name);
  if (found && found->name == name) return found;
  const bool none = found.has_value() || found.error().code == config::ErrorCode::not_found;
  if (!none) return found;
  return config::invalid_request(fmt::format("no key is named '{}'", name));
}

// The key of that name, as a request would meet it, with its limits in force.
Result<VirtualKey> key_named(const std::string& name, const Snapshot& snapshot,
                             limits::Limiter& limiter, limits::Now now) {
  if (name.empty() && snapshot.anonymous() != nullptr) return *snapshot.anonymous();
  if (name.empty()) return config::invalid_request("say whose request it would be: --key NAME");
  for (const config::Key& key : snapshot.config().keys) {
    if (key.name.view() == name) return virtual_key(key, &limiter);
  }
  auto stored = stored_key(name, snapshot.config());
  if (!stored) return std::move(stored).error();
  if (const auto state = keys::state_of(*stored, now.wall); state != "active") {
    return config::invalid_request(
        fmt::format("the key {} is {}: its requests are refused with 401", name, state));
  }
  limiter.configure({AccountKind::key, stored->name}, stored->settings.limits, now);
  const std::string id = stored->id;
  const keys::LiveKeys live({*std::move(stored)}, &limiter);
  return *live.find(id);
}

Result<std::string> body_of(const ExplainOptions& options) {
  constexpr std::size_t kLongest = 64UL * 1024 * 1024;
  if (options.body_path.empty()) {
    return fmt::format(R"({{"model":{},"messages":[{{"role":"user","content":"Hello"}}]}})",
                       providers::quoted(options.model));
  }
  auto text = config::read_text_file(options.body_path, kLongest);
  if (const auto* fault = std::get_if<config::FileFault>(&text)) {
    return config::invalid_request(fmt::format("{}: {}", options.body_path, fault->why));
  }
  return std::get<config::FileText>(std::move(text)).text;
}

// What the ledger knows is spent; what running requests hold, only their gateway does.
void learn_what_was_spent(const config::Config& config, limits::Limiter& limiter) {
  auto reader = LedgerReader::open(config.ledger.database, kPatience);
  const auto learnt = limiter.learn([&](const AccountId& account, config::Clock::Wall since) {
    return reader ? (*reader)->spent(account, since) : Result<config::PicoUsd>(reader.error());
  });
  if (!learnt) {
    fmt::print(stderr, "what was spent so far is not known: {}\n", learnt.error().message);
  }
}

std::string amount(JsonValue value) {
  return value.is_null() || !value ? "unknown" : value.text();
}

void print_table(JsonValue root) {
  fmt::print("{} for the key {} of team {}: about {} prompt tokens\n", root["model"].text(),
             root["key"].text(), root["team"].text(), root["prompt_tokens"].integer().value_or(0));
  fmt::print("{}: {}\n", root["order"].text(), root["order_means"].text());
  int place = 0;
  for (const JsonValue target : root["targets"].elements()) {
    fmt::print("{}. {}: {}\n", ++place, target["target"].text(), target["why"].text());
    const bool asked = target["use"].boolean().value_or(false);
    fmt::print("   {} low, {} likely, {} high{} (USD)\n", amount(target["cost"]["low"]),
               amount(target["cost"]["likely"]), amount(target["cost"]["high"]),
               asked ? fmt::format("; {} held", amount(target["held"])) : "");
    std::string dropped;
    for (const JsonValue name : target["dropped"].elements()) {
      dropped += (dropped.empty() ? "" : ", ") + name.text();
    }
    if (!dropped.empty()) fmt::print("   without {}\n", dropped);
  }
  for (const JsonValue budget : root["budgets"].elements()) {
    const std::string name = budget["name"].text();
    fmt::print("{}{}{}, {}: {} of {} spent, {} left after (USD)\n", budget["scope"].text(),
               name.empty() ? "" : " ", name, budget["window"].text(), amount(budget["spent"]),
               amount(budget["limit"]), amount(budget["left_after"]));
  }
  if (!root["budgets"].empty()) {
    fmt::print("What a running gateway holds for open requests is not in these sums.\n");
  }
}

bool somebody_would_answer(JsonValue root) {
  for (const JsonValue target : root["targets"].elements()) {
    if (target["use"].boolean().value_or(false)) return true;
  }
  fmt::print(stderr, "Nobody would answer this request.\n");
  return false;
}

int complain(const config::Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 1;
}

}  // namespace

int explain(const ExplainOptions& options) {
  const config::SystemClock clock;
  limits::LocalLimiter limiter;
  const auto snapshot = load_snapshot(options.config_path, &limiter);
  if (!snapshot) return 2;
  const auto now = limits::Now::of(clock);
  configure_limits(limits_of((*snapshot)->config()), {}, limiter, now);
  const auto caller = key_named(options.key, **snapshot, limiter, now);
  if (!caller) {
    complain(caller.error());
    return 2;
  }
  learn_what_was_spent((*snapshot)->config(), limiter);
  auto body = body_of(options);
  if (!body) return complain(body.error());
  const std::size_t length = body->size();
  body->append(kPadding, '\0');

  providers::JsonWorkspace json;
  auto chat = providers::read_chat_request(json, providers::Operation::chat,
                                           std::string_view(*body).substr(0, length));
  if (!chat) return complain(chat.error());
  if (!options.model.empty()) chat->model = options.model;
  auto match = (*snapshot)->routes().find(chat->model, *caller);
  if (!match) return complain(match.error());
  const std::string text = chat::dry_run({**snapshot, *caller, *chat, *match, json, limiter, now});
  providers::JsonDocument document;
  document.read(text);
  if (options.format == "json") {
    fmt::print("{}\n", text);
  } else {
    print_table(document.root());
  }
  return somebody_would_answer(document.root()) ? 0 : 1;
}

}  // namespace gateway::cli
