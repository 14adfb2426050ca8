#include "providers/upstream_error.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <initializer_list>

#include <fmt/format.h>
#include <simdjson.h>

#include "providers/retry_after.h"
#include "providers/wire/json_text.h"
#include "providers/without_quotes.h"

namespace providers {
namespace {

using config::Error;
using config::ErrorCode;

constexpr std::size_t kMostWords = 500;
constexpr std::size_t kMostLogged = 300;
constexpr std::size_t kMostName = 64;
constexpr std::size_t kMostWordsRead = 16 * 1024;

// An upstream's refusal, taken apart.
struct Refusal {
  int status = 0;       // 0: none was given
  std::string message;  // its error message, for people
  std::string text;     // a body that is no JSON
  std::string raw;      // what the provider behind it answered, as it came
  std::string words;    // all of these, lower case: what classification reads
  std::string type;     // error.type, unless it is "None"
  std::string code;     // error.code where it is a word
  std::string kind;     // OpenRouter's error_type
  std::string availability;
  std::string param;
  bool moderated = false;
  std::optional<std::chrono::milliseconds> retry_after;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool has(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// LiteLLM spells "nothing" as a word.
std::string word_of(JsonValue value) {
  std::string text = value.text();
  if (text == "None" || text == "null") text.clear();
  return text;
}

bool truthy(JsonValue value) {
  switch (value.type()) {
    case JsonType::absent:
    case JsonType::null:
      return false;
    case JsonType::boolean:
      return value.boolean() == true;
    case JsonType::string:
      return !value.raw_text().empty();
    case JsonType::number:
      return value.number() != 0.0;
    case JsonType::object:
    case JsonType::array:
      return !value.empty();
  }
  return false;
}

// {"loc":["body","messages"],"msg":"field required"}, FastAPI's.
void read_detail(JsonValue detail, Refusal& out) {
  if (detail.is(JsonType::string)) {
    out.message = detail.text();
    return;
  }
  const JsonValue first = detail[0];
  if (!first) return;
  out.message = first["msg"].text();
  for (JsonValue step : first["loc"].elements()) {
    if (step.equals("body")) continue;
    if (!step.is(JsonType::string)) {
      out.param.append("[").append(step.raw()).append("]");
      continue;
    }
    if (!out.param.empty()) out.param += '.';
    out.param += step.text();
  }
}

void read_code(JsonValue code, Refusal& out) {
  const std::string text = code.is(JsonType::string) ? word_of(code) : std::string(code.raw());
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && number >= 400 && number <= 599) {
    if (out.status == 0) out.status = number;
  } else if (code.is(JsonType::string) && !whole) {
    out.code = text;
  }
}

// A page made for people (a proxy's, usually) is nothing to relay.
bool is_page(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

// A sentence, rather than a page or JSON that is broken or wrapped in something.
bool is_words(std::string_view text) {
  return !text.empty() && !is_page(text) && text.find('{') == std::string_view::npos;
}

void read_error(JsonValue error, Refusal& out);
void read_body(JsonValue root, Refusal& out);

// The error message in what a provider behind the upstream answered. Its body may hold
// the prompt as well, and so may whatever looks like a piece of one.
std::string message_in(const std::string& raw, JsonDocument& document) {
  if (document.read(raw)) {
    Refusal inner;
    read_body(document.root(), inner);
    return inner.message;
  }
  return is_words(raw) ? raw : std::string();
}

void read_metadata(JsonValue error, Refusal& out, JsonDocument& nested, std::int64_t now) {
  const JsonValue metadata = error["metadata"];
  if (out.kind.empty()) out.kind = metadata["error_type"].text();
  out.moderated = !metadata["reasons"].empty() || metadata["flagged_input"];
  // "Provider returned error" says nothing; what the provider said stands here.
  const JsonValue raw = metadata["raw"];
  if (raw && !raw.is_null()) {
    out.raw = raw.is(JsonType::string) ? raw.text() : std::string(raw.raw());
    if (const auto said = message_in(out.raw, nested); !said.empty()) out.message += ": " + said;
  }
  for (const char* name : {"X-RateLimit-Reset", "x-ratelimit-reset"}) {
    const JsonValue reset = metadata["headers"][name];
    const auto text = reset.is(JsonType::string) ? reset.text() : std::string(reset.raw());
    if (!out.retry_after) out.retry_after = until_reset(text, now);
  }
}

void read_error(JsonValue error, Refusal& out) {
  if (error.is(JsonType::string)) {
    out.message = error.text();
    return;
  }
  out.message = error["message"].text();
  out.type = word_of(error["type"]);
  out.param = word_of(error["param"]);
  out.kind = error["error_type"].text();
  read_code(error["code"], out);
  const auto http_status = error["http_status"].integer();
  if (out.status == 0 && http_status && *http_status >= 400 && *http_status <= 599) {
    out.status = static_cast<int>(*http_status);
  }
  const JsonValue availability = error["availability"];
  out.availability = availability["code"].text();
  if (const auto wait = availability["retry_after"].number()) {
    out.retry_after = clamped(*wait * 1e3);
  }
}

void read_body(JsonValue root, Refusal& out) {
  const JsonValue error = root["error"];
  if (truthy(error)) {
    read_error(error, out);
  } else if (root["detail"]) {
    read_detail(root["detail"], out);
  } else if (root.is(JsonType::object)) {
    read_error(root, out);
  } else if (root.is(JsonType::string)) {
    out.message = root.text();
  }
  if (out.message.empty()) out.message = root["message"].text();
}

void read_refusal(const Call& call, JsonValue root, Refusal& out) {
  read_body(root, out);
  const JsonValue error = root["error"];
  read_metadata(truthy(error) ? error : root, out, call.json.nested, call.chat.created);
}

struct StatusOf {
  std::string_view word;
  int status;
};

// Where neither HTTP nor `code` says a status: OpenRouter's error_type and
// availability.code, and the types other servers put there.
constexpr StatusOf kStatusOf[] = {
    {"context_length_exceeded", 400},
    {"max_tokens_exceeded", 400},
    {"token_limit_exceeded", 400},
    {"string_too_long", 400},
    {"invalid_request", 400},
    {"invalid_request_error", 400},
    {"validation_error", 400},
    {"invalid_prompt", 400},
    {"invalid_image", 400},
    {"image_too_large", 400},
    {"image_too_small", 400},
    {"unsupported_image_format", 400},
    {"image_not_found", 400},
    {"image_download_failed", 400},
    {"model_not_found", 400},
    {"wrong_endpoint", 400},
    {"authentication", 401},
    {"authentication_error", 401},
    {"payment_required", 402},
    {"permission_denied", 403},
    {"permission_error", 403},
    {"region_restricted", 403},
    {"content_policy_violation", 403},
    {"refusal", 403},
    {"not_found", 404},
    {"not_found_error", 404},
    {"no_endpoints", 404},
    {"model_deprecated", 404},
    {"model_unavailable_upstream", 404},
    {"privacy_restricted", 404},
    {"constraint_filtered", 404},
    {"free_variant_ended", 404},
    {"precondition_failed", 412},
    {"payload_too_large", 413},
    {"unprocessable", 422},
    {"rate_limit_exceeded", 429},
    {"rate_limit_error", 429},
    {"capacity_exhausted", 429},
    {"server", 500},
    {"server_error", 500},
    {"provider_unavailable", 502},
    {"provider_overloaded", 503},
    {"temporarily_unavailable", 503},
    {"timeout", 504},
};

int status_of_words(const Refusal& refusal) {
  for (const auto* word : {&refusal.availability, &refusal.kind, &refusal.code, &refusal.type}) {
    for (const auto& [name, status] : kStatusOf) {
      if (*word == name) return status;
    }
  }
  return 502;
}

struct LiteLlmClass {
  std::string_view name;  // lower case, as it stands before the colon
  ErrorCode code;
};

// The class says more than the status: rate limits arrive as 400 as well. BadRequestError
// and its like say no more than theirs.
constexpr LiteLlmClass kLiteLlm[] = {
    {"contextwindowexceedederror", ErrorCode::context_length},
    {"contentpolicyviolationerror", ErrorCode::content_policy},
    {"unsupportedparamserror", ErrorCode::unsupported_parameter},
    {"budgetexceedederror", ErrorCode::upstream_no_credit},
    {"ratelimiterror", ErrorCode::upstream_busy},
    {"authenticationerror", ErrorCode::upstream_denied},
    {"permissiondeniederror", ErrorCode::upstream_denied},
    {"notfounderror", ErrorCode::upstream_model_missing},
    {"timeout", ErrorCode::upstream_timeout},
    {"apiconnectionerror", ErrorCode::upstream_unavailable},
    {"apierror", ErrorCode::upstream_unavailable},
    {"internalservererror", ErrorCode::upstream_unavailable},
    {"serviceunavailableerror", ErrorCode::upstream_unavailable},
    {"badgatewayerror", ErrorCode::upstream_unavailable},
};

// What the text names as its cause. Classes nest in either order; the one that says
// more than "bad request" counts, the last of them where there are several.
std::optional<ErrorCode> litellm_code(const Refusal& refusal) {
  constexpr std::string_view kPrefix = "litellm.";
  const std::string_view words = refusal.words;
  std::optional<ErrorCode> found;
  for (auto at = words.find(kPrefix); at != std::string_view::npos;
       at = words.find(kPrefix, at + 1)) {
    const auto rest = words.substr(at + kPrefix.size());
    for (const auto& [name, code] : kLiteLlm) {
      if (rest.starts_with(name) && rest.substr(name.size()).starts_with(":")) found = code;
    }
  }
  return found;
}

bool out_of_credit(const Refusal& refusal) {
  if (refusal.type == "budget_exceeded" || has(refusal.words, {"budget has been exceeded"})) {
    return true;
  }
  if (refusal.status == 402 || refusal.code == "insufficient_quota" ||
      refusal.type == "insufficient_quota") {
    return true;
  }
  // Reka answers both with 429 (its FAQ: "P001: Insufficient Balance"). OpenRouter's
  // rate limits speak of credits that would raise them.
  return refusal.status == 429 && has(refusal.words, {"p001", "balance", "credit", "quota"}) &&
         !has(refusal.words, {"rate limit", "rate-limit"});
}

bool context_too_long(const Refusal& refusal) {
  if (refusal.status != 400 && refusal.status != 413 && refusal.status != 422) return false;
  return refusal.kind == "context_length_exceeded" || refusal.kind == "token_limit_exceeded" ||
         refusal.code == "context_length_exceeded" ||
         has(refusal.words, {"context length", "maximum context", "context window", "context size",
                             "prompt is too long"});
}

bool moderated(const Refusal& refusal) {
  for (const auto* word : {&refusal.kind, &refusal.code, &refusal.type}) {
    if (*word == "content_policy_violation" || *word == "refusal" || *word == "content_filter") {
      return true;
    }
  }
  return refusal.status == 403 && refusal.moderated;
}

bool model_missing(const Refusal& refusal) {
  if (refusal.status == 404 || refusal.status == 410) return true;
  if (refusal.status != 400) return false;
  return refusal.availability == "model_not_found" || refusal.availability == "wrong_endpoint" ||
         refusal.code == "model_not_found" || refusal.kind == "not_found" ||
         has(refusal.words,
             {"not a valid model", "invalid model name", "model not found", "unknown model"});
}

ErrorCode classify(const Refusal& refusal) {
  if (out_of_credit(refusal)) return ErrorCode::upstream_no_credit;
  if (const auto code = litellm_code(refusal)) return *code;
  if (context_too_long(refusal)) return ErrorCode::context_length;
  if (moderated(refusal)) return ErrorCode::content_policy;
  if (model_missing(refusal)) return ErrorCode::upstream_model_missing;
  switch (refusal.status) {
    case 401:
    case 403:
      return ErrorCode::upstream_denied;
    case 408:
    case 504:
    case 524:
      return ErrorCode::upstream_timeout;
    case 429:
      return ErrorCode::upstream_busy;
    case 400:
    case 412:
    case 413:
    case 415:
    case 422:
      return ErrorCode::upstream_rejected;
    default:
      return ErrorCode::upstream_unavailable;
  }
}

// Ours, where the upstream's words are not the client's business.
std::string_view own_words(ErrorCode code) {
  switch (code) {
    case ErrorCode::upstream_busy:
      return "The upstream is rate limiting; try again shortly.";
    case ErrorCode::upstream_denied:
      return "The upstream refuses the gateway's credentials; tell whoever runs the gateway.";
    case ErrorCode::upstream_no_credit:
      return "The gateway's account at the upstream is out of credit; tell whoever runs the "
             "gateway.";
    case ErrorCode::upstream_model_missing:
      return "The upstream does not serve this model.";
    case ErrorCode::upstream_timeout:
      return "The upstream took too long.";
    case ErrorCode::content_policy:
      return "The upstream's moderation refused this request.";
    case ErrorCode::context_length:
      return "The request is longer than the model's context.";
    case ErrorCode::unsupported_parameter:
      return "The upstream does not take one of the request's parameters for this model.";
    case ErrorCode::upstream_rejected:
      return "The upstream refused the request as malformed.";
    default:
      return "The upstream failed.";
  }
}

bool told_in_its_words(ErrorCode code) {
  return config::shape(code).fault == config::Fault::client;
}

// What may be logged: never an answer or what was asked, which bodies hold and often echo.
std::string detail_of(const Refusal& refusal, std::string_view otherwise,
                      const config::Secret& key) {
  std::string out = fmt::format_int(refusal.status).str();
  for (const auto* name : {&refusal.type, &refusal.code, &refusal.kind}) {
    if (!name->empty()) out.append(" ").append(utf8_prefix(without_keys(*name, key), kMostName));
  }
  const std::string said = without_keys(refusal.message, key);
  out += ": ";
  out += said.empty() ? otherwise : utf8_prefix(said, kMostLogged);
  return out;
}

// `otherwise` stands in the log where the upstream said nothing.
Error error_of(const Call& call, const AnswerHead& head, Refusal refusal,
               std::string_view otherwise) {
  if (refusal.status == 0) refusal.status = status_of_words(refusal);
  refusal.words = lower(fmt::format("{}\n{}\n{}", refusal.message, refusal.raw, refusal.text));
  const ErrorCode code = classify(refusal);
  const auto& key = call.target.api_key;

  Error error;
  error.code = code;
  error.detail = without_quotes(detail_of(refusal, otherwise, key), call.chat);
  if (told_in_its_words(code) && !refusal.message.empty()) {
    error.message = without_keys(refusal.message, key);
    error.param = without_keys(refusal.param, key);
  } else if (code == ErrorCode::upstream_rejected && is_words(refusal.text)) {
    error.message = without_keys(refusal.text, key);  // a refusal in plain words
  } else {
    error.message = own_words(code);
  }
  if (code == ErrorCode::upstream_rejected) {
    if (refusal.status >= 400 && refusal.status < 500) {
      error.upstream_status = static_cast<std::uint16_t>(refusal.status);
    }
    error.upstream_code = without_keys(refusal.code, key);
  }
  if (code == ErrorCode::context_length && error.param.empty()) error.param = "messages";
  if (config::shape(code).fault != config::Fault::client) {
    error.retry_after = retry_after(head, call.chat.created);
    if (!error.retry_after) error.retry_after = refusal.retry_after;
  }
  return error;
}

}  // namespace

std::string without_keys(std::string_view text, const config::Secret& key) {
  // Keys go before the text is cut, so that no half of one is left at its end.
  std::string out(utf8_prefix(text, kMostWordsRead));
  const auto hide = [&](std::size_t begin, std::size_t end) {
    out.replace(begin, end - begin, "***");
  };
  if (const auto secret = key.reveal(); secret.size() >= 4) {
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3)) {
      hide(at, at + secret.size());
    }
  }
  // What providers echo of a key: "sk-or-v1-ab…yz", whole or with stars in it.
  for (auto at = out.find("sk-"); at != std::string::npos; at = out.find("sk-", at + 3)) {
    if (at > 0 && std::isalnum(static_cast<unsigned char>(out[at - 1])) != 0) continue;
    auto end = at + 3;
    while (end < out.size() && (std::isalnum(static_cast<unsigned char>(out[end])) != 0 ||
                                has("-_*.", {std::string_view(out).substr(end, 1)}))) {
      ++end;
    }
    if (end - at >= 8) hide(at, end);
  }
  out.resize(utf8_prefix(out, kMostWords).size());
  return out;
}

bool holds_error(JsonValue object) {
  return truthy(object["error"]) || object["object"].equals("error");
}

Error upstream_error(const Call& call, const AnswerHead& head, std::string_view body) {
  Refusal refusal;
  refusal.status = head.status;
  if (call.json.document.read(body)) {
    read_refusal(call, call.json.document.root(), refusal);
    return error_of(call, head, std::move(refusal), "no error message");
  }
  if (!is_page(body) && simdjson::validate_utf8(body.data(), body.size())) refusal.text = body;
  return error_of(call, head, std::move(refusal),
                  fmt::format("{} bytes that are no JSON", body.size()));
}

Error upstream_error_inside(const Call& call, const AnswerHead& head, JsonValue holder) {
  Refusal refusal;
  read_refusal(call, holder, refusal);
  return error_of(call, head, std::move(refusal), "no error message");
}

Error upstream_error_in_choice(const Call& call, const AnswerHead& head, JsonValue choice) {
  if (holds_error(choice)) return upstream_error_inside(call, head, choice);
  // Whatever else it holds is the answer.
  return error_of(call, head, Refusal(), "a choice that ended in an error");
}

}  // namespace providers
