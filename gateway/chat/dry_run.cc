#include "gateway/chat/dry_run.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/chat/admission.h"
#include "gateway/chat/candidate.h"
#include "gateway/chat/circuit.h"
#include "gateway/chat/target_order.h"
#include "gateway/limits/duration_text.h"
#include "providers/wire/json_writer.h"

namespace gateway::chat {
namespace {

using config::PicoUsd;
using providers::JsonWriter;

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
  const config::Model& model = *asked.match.route->model;
  const Expectation longest = longest_answer(asked.chat, model);
  const Expectation shortest{longest.prompt_tokens,
                             std::min<std::int64_t>(1, longest.output_tokens)};
  const auto cost = [&](const Expectation& tokens) {
    return reserve(asked.chat, tokens, target.price).amount;
  };
  json.key("cost").begin_object();
  money(json, "low", cost(shortest));
  money(json, "likely", cost(usual_answer(asked.chat, model)));
  money(json, "high", cost(longest));
  json.end_object();
}

// What the order of the targets goes by.
std::string_view meaning_of(config::Order order) {
  using enum config::Order;
  switch (order) {
    case in_order:
      return "as they are written";
    case weighted:
      return "the first by lot, as the weights say";
    case cheapest:
      return "by the likely cost";
    case fastest:
      return "by how soon each has begun its answers of late, those under way counted; of three "
             "or more, the better of two that are drawn";
    case sticky:
      return "by how the conversation begins, so that it stays where it was";
  }
  return "";
}

// How soon it has begun its answers; null: not known.
void write_latency(JsonWriter& json, const DryRun& asked, const config::Target& target) {
  json.key("first_content_ms");
  auto* const latency =
      asked.latencies == nullptr ? nullptr : asked.latencies->find(target.name.view());
  const auto seen = latency == nullptr ? upstream::PeakLatency::Seen()
                                       : latency->of(asked.chat.stream).peak.seen(asked.now.steady);
  if (!seen.latency) {
    json.null();
  } else {
    json.value(std::chrono::round<std::chrono::milliseconds>(*seen.latency).count());
  }
}

void write_target(JsonWriter& json, const DryRun& asked, const Candidate& candidate,
                  const Verdict& verdict, std::string_view why, config::Order order) {
  json.begin_object();
  json.member("target", candidate.name());
  json.member("provider", candidate.target().provider.view());
  json.member("model", candidate.target().model);
  json.member("use", !verdict.refusal.has_value());
  json.member("why", verdict.refusal ? std::string_view(verdict.refusal->message) : why);
  if (verdict.refusal) json.member("code", config::to_string(verdict.refusal->code));
  if (order == config::Order::weighted || order == config::Order::sticky) {
    json.member("weight", candidate.target().weight);
  }
  if (order == config::Order::fastest) write_latency(json, asked, candidate.target());
  json.key("dropped").begin_array();
  for (const std::string& name : verdict.dropped) json.value(name);
  json.end_array();
  write_cost(json, asked, candidate.target());
  money(json, "held", verdict.held);
  json.end_object();
}

std::string why_in_place(int place, const config::Hedge& hedge) {
  if (place == 0) return "asked first";
  if (place > 1 || !hedge.on) return "asked if those before it fail";
  if (hedge.after == std::chrono::milliseconds(0)) {
    return "asked beside the first where that is slower to begin than 95 of 100 of its answers, or "
           "if it fails";
  }
  return fmt::format("asked beside the first where that has not begun after {}, or if it fails",
                     limits::duration_text(hedge.after));
}

// What is held for the first target that would be asked; the others have their own turn.
std::optional<PicoUsd> write_targets(JsonWriter& json, const DryRun& asked) {
  const Route& route = *asked.match.route;
  const Choice choice{.model = *route.model,
                      .order = asked.routing.order.value_or(route.model->order),
                      .chat = asked.chat,
                      .caller = asked.caller,
                      .json = asked.json,
                      .now = asked.now.steady,
                      .latencies = asked.latencies};
  json.member("order", config::to_string(choice.order));
  json.member("order_means", meaning_of(choice.order));
  const auto fallbacks = allowed_models(asked.json, asked.chat, asked.caller);
  std::optional<PicoUsd> first_hold;
  int place = 0;  // among those that would be asked
  const Targets order = target_order(route, choice, asked.routing.only);
  json.key("targets").begin_array();
  for (const RouteTarget* target : order) {
    const Candidate candidate(*target, asked.match.rest, asked.chat, asked.json, asked.caller,
                              fallbacks);
    const Verdict verdict = judge(asked, candidate);
    write_target(json, asked, candidate, verdict, why_in_place(place, route.model->hedge),
                 choice.order);
    if (verdict.refusal) continue;
    if (place == 0) first_hold = verdict.held;
    ++place;
  }
  for (const RouteTarget& target : route.targets) {
    if (std::find(order.begin(), order.end(), &target) != order.end()) continue;
    const Candidate candidate(target, asked.match.rest, asked.chat, asked.json, asked.caller,
                              fallbacks);
    Verdict verdict;
    verdict.refusal =
        serves(target.target.can, asked.chat.operation)
            ? config::invalid_request("The request names others.", std::string(kTargetHeader))
            : config::invalid_request("It does not serve this endpoint.", "model");
    write_target(json, asked, candidate, verdict, "", choice.order);
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
  json.member("prompt_tokens", asked.chat.quick_prompt_tokens);
  const auto hold = write_targets(json, asked);
  write_budgets(json, asked, hold.value_or(PicoUsd{}));
  json.end_object();
  return out;
}

}  // namespace gateway::chat
