#include "gateway/chat/dry_run.h"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/chat/admission.h"
#include "gateway/chat/candidate.h"
#include "gateway/chat/circuit.h"
#include "gateway/chat/target_order.h"
#include "providers/estimate.h"
#include "providers/wire/json_writer.h"

namespace gateway::chat {
namespace {

using config::PicoUsd;
using providers::JsonWriter;

// An answer of usual length, where the request allows longer ones.
constexpr std::int64_t kUsualAnswer = 300;

void money(JsonWriter& json, std::string_view name, const std::optional<PicoUsd>& amount) {
  json.key(name);
  amount ? json.value(config::to_usd(*amount)) : json.null();
}

PicoUsd minus(PicoUsd a, PicoUsd b) {
  PicoUsd rest;
  return __builtin_sub_overflow(a.value, b.value, &rest.value) ? PicoUsd{} : rest;
}

std::string_view scope(AccountKind kind) {
  switch (kind) {
    case AccountKind::gateway:
      return "gateway";
    case AccountKind::team:
      return "team";
    case AccountKind::key:
      return "key";
  }
  return "key";
}

// Whether a target would be asked, and what for.
struct Verdict {
  std::optional<config::Error> refusal;  // why not
  std::vector<std::string> dropped;
  std::optional<PicoUsd> held;
};

Verdict judge(const DryRun& asked, const Candidate& candidate) {
  Verdict verdict;
  const config::Model& model = *asked.match.route->model;
  const auto request = candidate.encode(model);
  if (!request) {
    verdict.refusal = request.error();
    return verdict;
  }
  verdict.dropped = request->dropped;
  if (asked.breakers != nullptr) {
    verdict.refusal =
        resting(*asked.breakers, candidate.target(), candidate.from_pattern(), asked.now.steady);
    if (verdict.refusal) return verdict;
  }
  const auto reserved = reservation(asked.limiter, asked.caller, candidate.call(), model,
                                    request->streamed, asked.snapshot.config());
  if (!reserved) {
    verdict.refusal = reserved.error();
    return verdict;
  }
  const PicoUsd amount = reserved->amount.value_or(PicoUsd{});
  if (auto fits = asked.limiter.would_fit(asked.caller.payers, amount, asked.now); !fits) {
    verdict.refusal = fits.error();
  } else {
    verdict.held = reserved->amount;
  }
  return verdict;
}

void write_cost(JsonWriter& json, const DryRun& asked, const config::Target& target) {
  const Expectation longest = longest_answer(asked.chat, *asked.match.route->model);
  const auto with_output = [&](std::int64_t output) {
    return reserve(asked.chat, {longest.prompt_tokens, std::min(output, longest.output_tokens)},
                   target.price)
        .amount;
  };
  json.key("cost").begin_object();
  money(json, "low", with_output(1));
  money(json, "likely", with_output(kUsualAnswer));
  money(json, "high", with_output(longest.output_tokens));
  json.end_object();
}

// What is held for the first target that would be asked; the others have their own turn.
std::optional<PicoUsd> write_targets(JsonWriter& json, const DryRun& asked) {
  const auto fallbacks = allowed_models(asked.json, asked.chat, asked.caller);
  std::optional<PicoUsd> first_hold;
  bool used = false;
  json.key("targets").begin_array();
  for (const RouteTarget& target : asked.match.route->targets) {
    const Candidate candidate(target, asked.match.rest, asked.chat, asked.json, asked.caller,
                              fallbacks);
    Verdict verdict;
    if (serves(target.target.can, asked.chat.operation)) {
      verdict = judge(asked, candidate);
    } else {
      verdict.refusal = config::invalid_request("It does not serve this endpoint.", "model");
    }
    json.begin_object();
    json.member("target", target.target.name.view());
    json.member("provider", target.target.provider.view());
    json.member("model", candidate.target().model);
    json.member("use", !verdict.refusal.has_value());
    json.member("why", verdict.refusal ? std::string_view(verdict.refusal->message)
                       : used          ? std::string_view("asked if those before it fail")
                                       : std::string_view("asked first"));
    if (verdict.refusal) json.member("code", config::to_string(verdict.refusal->code));
    if (asked.match.route->model->order == config::Order::weighted) {
      json.member("weight", target.target.weight);
    }
    json.key("dropped").begin_array();
    for (const std::string& name : verdict.dropped) json.value(name);
    json.end_array();
    write_cost(json, asked, candidate.target());
    money(json, "held", verdict.held);
    json.end_object();
    if (!verdict.refusal && !used) first_hold = verdict.held;
    used = used || !verdict.refusal;
  }
  json.end_array();
  return first_hold;
}

void write_budgets(JsonWriter& json, const DryRun& asked, PicoUsd hold) {
  json.key("budgets").begin_array();
  for (const limits::BudgetStatus& status : asked.limiter.budgets(asked.caller.payers, asked.now)) {
    json.begin_object();
    json.member("scope", scope(status.account.kind)).member("name", status.account.name);
    json.member("window", config::to_string(status.budget.window));
    json.member("zone", status.budget.zone);
    money(json, "limit", status.budget.limit);
    money(json, "spent", status.spent);
    money(json, "held", status.held);
    money(json, "left_after", minus(status.left(), hold));
    json.key("resets_at");
    status.resets_at ? json.value(config::rfc3339(*status.resets_at, status.budget.zone))
                     : json.null();
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string dry_run(const DryRun& asked) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("object", "tollgate.dry_run");
  json.member("model", asked.match.route->model->name.view());
  json.member("key", asked.caller.name.view()).member("team", asked.caller.team.view());
  json.member("stream", asked.chat.stream);
  json.member("prompt_tokens", providers::quick_prompt_tokens(asked.chat));
  const auto hold = write_targets(json, asked);
  write_budgets(json, asked, hold.value_or(PicoUsd{}));
  json.end_object();
  return out;
}

}  // namespace gateway::chat
