#include "providers/refusal_code.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace providers {
namespace {

using config::ErrorCode;

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
std::optional<ErrorCode> litellm_code(std::string_view words) {
  constexpr std::string_view kPrefix = "litellm.";
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

bool out_of_credit(const Refusal& refusal, std::string_view words) {
  if (refusal.type == "budget_exceeded" || has(words, {"budget has been exceeded"})) {
    return true;
  }
  if (refusal.status == 402 || refusal.code == "insufficient_quota" ||
      refusal.type == "insufficient_quota") {
    return true;
  }
  // Reka answers both with 429 (its FAQ: "P001: Insufficient Balance"). OpenRouter's
  // rate limits speak of credits that would raise them.
  return refusal.status == 429 && has(words, {"p001", "balance", "credit", "quota"}) &&
         !has(words, {"rate limit", "rate-limit"});
}

bool context_too_long(const Refusal& refusal, std::string_view words) {
  if (refusal.status != 400 && refusal.status != 413 && refusal.status != 422) return false;
  return refusal.kind == "context_length_exceeded" || refusal.kind == "token_limit_exceeded" ||
         refusal.code == "context_length_exceeded" ||
         has(words, {"context length", "maximum context", "context window", "context size",
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

bool model_missing(const Refusal& refusal, std::string_view words) {
  if (refusal.status == 404 || refusal.status == 410) return true;
  if (refusal.status != 400) return false;
  return refusal.availability == "model_not_found" || refusal.availability == "wrong_endpoint" ||
         refusal.code == "model_not_found" || refusal.kind == "not_found" ||
         has(words,
             {"not a valid model", "invalid model name", "model not found", "unknown model"});
}

}  // namespace

int status_of_words(const Refusal& refusal) {
  for (const auto* word : {&refusal.availability, &refusal.kind, &refusal.code, &refusal.type}) {
    for (const auto& [name, status] : kStatusOf) {
      if (*word == name) return status;
    }
  }
  return 502;
}

ErrorCode code_of(const Refusal& refusal) {
  const std::string words =
      lower(fmt::format("{}\n{}\n{}", refusal.message, refusal.raw, refusal.text));
  if (out_of_credit(refusal, words)) return ErrorCode::upstream_no_credit;
  if (const auto code = litellm_code(words)) return *code;
  if (context_too_long(refusal, words)) return ErrorCode::context_length;
  if (moderated(refusal)) return ErrorCode::content_policy;
  if (model_missing(refusal, words)) return ErrorCode::upstream_model_missing;
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

}  // namespace providers
