// OpenRouter: OpenAI-shaped, with attribution headers, comment heartbeats, errors inside
// answers of 200, the cost in `usage`, and parameters that it drops in silence unless told
// to require them. Extras that cost more than tokens need the key's leave (decisions 21).

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "providers/openai_shape.h"
#include "providers/pseudonym.h"
#include "providers/receipt.h"
#include "providers/wire/json_document.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

using config::Error;
using config::Result;

constexpr std::array<std::string_view, 1> kDropped{"research"};

constexpr Dialect kDialect{.dropped = kDropped,
                           .reasoning_object = true,
                           .audio_output = true,
                           .stop_as_array = true,
                           .generation_header = "x-generation-id"};

Error extra_refused(std::string param) {
  auto message = fmt::format("'{}' costs extra upstream, and this key may not ask for it.", param);
  return config::invalid_request(std::move(message), std::move(param));
}

bool asks(JsonWorkspace& json, std::string_view raw) {
  return !raw.empty() && raw != "null" && json.nested.read(raw) &&
         !(json.nested.root().is(JsonType::array) && json.nested.root().empty());
}

// Tools that OpenRouter runs itself, and bills.
Result<void> check_server_tools(const Call& call, const RequestDraft& draft) {
  const auto tools = draft.find("tools");
  if (tools.empty() || !call.json.nested.read(tools)) return {};
  int index = 0;
  for (JsonValue tool : call.json.nested.root().elements()) {
    const JsonValue type = tool["type"];
    if (type && !type.equals("function")) return extra_refused(fmt::format("tools[{}]", index));
    ++index;
  }
  return {};
}

Result<void> check_extras(const Call& call, const RequestDraft& draft) {
  for (const auto& model : listed_models(call.json, call.chat)) {
    const auto& allowed = call.allowed_models;
    if (std::find(allowed.begin(), allowed.end(), model) != allowed.end()) continue;
    return config::invalid_request("An entry of 'models' is not a model this key may use.",
                                   "models");
  }
  if (call.allow_upstream_extras) return {};
  for (const char* param : {"plugins", "web_search_options"}) {
    if (asks(call.json, draft.find(param))) return extra_refused(param);
  }
  return check_server_tools(call, draft);
}

// Without this a provider that cannot may be chosen, and the parameter is lost unseen.
void require_parameters(const Call& call, RequestDraft& draft) {
  const auto raw = draft.find("provider");
  if (raw.empty() || !call.json.nested.read(raw) || !call.json.nested.root().is(JsonType::object)) {
    draft.set("provider", R"({"require_parameters":true})");
    return;
  }
  std::string merged;
  JsonWriter json(merged);
  json.begin_object();
  for (const JsonMemberView& member : call.json.nested.root().members()) {
    if (member.key.equals("require_parameters")) continue;
    json.raw_member(member.key.text(), member.value.raw());
  }
  json.member("require_parameters", true).end_object();
  draft.set("provider", merged);
}

// Users are told apart upstream, not named.
void hide_user(const Call& call, RequestDraft& draft, std::string_view field) {
  const auto raw = draft.find(field);
  if (raw.empty() || !call.json.nested.read(raw)) return;
  if (!call.json.nested.root().is(JsonType::string)) return;
  draft.set(field, providers::quoted(pseudonym(call.json.nested.root().text())));
}

Error no_receipt(std::string detail) {
  return config::failure(config::ErrorCode::upstream_garbled, "The receipt is none.",
                         std::move(detail));
}

// Of two counts the one that is billed: the model's own tokenizer's.
std::optional<std::int64_t> count(JsonValue data, std::string_view native, std::string_view usual) {
  const JsonValue own = data[native];
  const auto number = (own.is(JsonType::number) ? own : data[usual]).integer();
  return number && *number >= 0 ? number : std::nullopt;
}

// With the operator's own provider key the cost is OpenRouter's fee alone.
std::optional<config::PicoUsd> charged(JsonValue data, std::string& text) {
  const JsonValue cost = data["total_cost"];
  if (!cost.is(JsonType::number)) return std::nullopt;
  text = cost.raw();
  const auto fee = config::reported_usd(cost.raw());
  if (!fee || data["is_byok"].boolean() != true) return fee;
  const JsonValue upstream = data["upstream_inference_cost"];
  if (!upstream.is(JsonType::number)) return std::nullopt;
  const auto billed = config::reported_usd(upstream.raw());
  text += fmt::format("+{}", upstream.raw());
  return billed ? config::checked_add(*fee, *billed) : std::nullopt;
}

class OpenRouter final : public OpenAiShape, public GivesReceipts {
 public:
  OpenRouter() : OpenAiShape(kDialect) {}

  Result<config::Capabilities> capabilities(const config::Target& target) const override {
    auto can = OpenAiShape::capabilities(target);
    if (!can) return can;
    can->completions = true;
    can->embeddings = true;
    can->developer_role = true;
    can->max_completion_tokens = true;
    can->stream_options = false;  // usage always comes; the field does nothing
    can->web_search = true;
    if (target.model.starts_with("rekaai/")) {
      can->embeddings = false;
      can->developer_role = false;
      can->max_completion_tokens = false;  // reka-edge's page lists max_tokens alone
    }
    if (target.model.starts_with("rekaai/reka-flash-3")) {
      can->reasoning_tags = {"<reasoning>", "</reasoning>"};
    }
    return can;
  }

  std::optional<UpstreamRequest> free_question(const config::Target& target,
                                               config::FreeQuestion question) const override {
    if (question == config::FreeQuestion::key) return lookup(target, "/key");
    return OpenAiShape::free_question(target, question);
  }

  // A key without a limit says null for what remains of it.
  Result<void> read_free_answer(config::FreeQuestion question, int status,
                                std::string_view body) const override {
    auto answered = OpenAiShape::read_free_answer(question, status, body);
    if (!answered || question != config::FreeQuestion::key) return answered;
    JsonDocument document;
    const bool json = document.read(body);
    const JsonValue data = json ? document.root()["data"] : JsonValue();
    if (!data.is(JsonType::object)) {
      return config::failure(config::ErrorCode::upstream_garbled, "The upstream is not back.",
                             "what it says of the key is no such thing");
    }
    const auto remains = data["limit_remaining"].number();
    if (!remains || *remains > 0) return {};
    return config::failure(config::ErrorCode::upstream_no_credit, "The key has no credit left.",
                           "limit_remaining");
  }

  std::string receipt_path(std::string_view id) const override {
    const bool plain = std::all_of(id.begin(), id.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
    return id.empty() || !plain ? std::string() : fmt::format("/generation?id={}", id);
  }

  Result<Receipt> read_receipt(std::string_view body) const override {
    JsonDocument document;
    if (!document.read(body)) return no_receipt("no JSON");
    const JsonValue data = document.root()["data"];
    Receipt receipt;
    const auto cost = charged(data, receipt.cost_text);
    if (!cost || cost->value < 0) return no_receipt("it does not say what was charged");
    receipt.cost = *cost;
    Usage& tokens = receipt.tokens;
    tokens.prompt = count(data, "native_tokens_prompt", "tokens_prompt");
    tokens.completion = count(data, "native_tokens_completion", "tokens_completion");
    if (!tokens.prompt || !tokens.completion) {
      tokens = {};
      return receipt;
    }
    tokens.tokens = Source::reported;
    const auto cached = count(data, "native_tokens_cached", "");
    if (cached && *cached <= *tokens.prompt) tokens.cached_read = cached;
    const auto reasoning = count(data, "native_tokens_reasoning", "");
    if (reasoning && *reasoning <= *tokens.completion) tokens.reasoning = reasoning;
    return receipt;
  }

 protected:
  Result<void> amend(const Call& call, RequestDraft& draft) const override {
    if (auto ok = check_extras(call, draft); !ok) return ok;
    const Features& wants = call.chat.wants;
    if (wants.json_schema || wants.logprobs) require_parameters(call, draft);
    hide_user(call, draft, "user");
    hide_user(call, draft, "safety_identifier");
    return {};
  }

  void add_headers(const Call& call, UpstreamRequest& request) const override {
    const config::Target& target = call.target;
    if (!target.site_url.empty()) request.headers.emplace_back("http-referer", target.site_url);
    if (!target.site_name.empty()) request.headers.emplace_back("x-title", target.site_name);
  }
};

}  // namespace

std::unique_ptr<Adapter> make_openrouter() {
  return std::make_unique<OpenRouter>();
}

}  // namespace providers
