#include "providers/upstream_error.h"

#include <string>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "providers/refusal.h"
#include "providers/refusal_code.h"
#include "providers/retry_after.h"
#include "providers/wire/json_text.h"
#include "providers/without_keys.h"
#include "providers/without_quotes.h"

namespace providers {
namespace {

using config::Error;
using config::ErrorCode;

constexpr std::size_t kMostLogged = 300;
constexpr std::size_t kMostName = 64;

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
  const ErrorCode code = code_of(refusal);
  const auto& key = call.api_key();

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

Error upstream_error(const Call& call, const AnswerHead& head, std::string_view body) {
  Refusal refusal;
  refusal.status = head.status;
  if (call.json.document.read(body)) {
    read_refusal(call.json.document.root(), call.json.nested, call.chat.created, refusal);
    return error_of(call, head, std::move(refusal), "no error message");
  }
  if (!is_page(body) && simdjson::validate_utf8(body.data(), body.size())) refusal.text = body;
  return error_of(call, head, std::move(refusal),
                  fmt::format("{} bytes that are no JSON", body.size()));
}

Error upstream_error_inside(const Call& call, const AnswerHead& head, JsonValue holder) {
  Refusal refusal;
  read_refusal(holder, call.json.nested, call.chat.created, refusal);
  return error_of(call, head, std::move(refusal), "no error message");
}

Error upstream_error_in_choice(const Call& call, const AnswerHead& head, JsonValue choice) {
  if (holds_error(choice)) return upstream_error_inside(call, head, choice);
  // Whatever else it holds is the answer.
  return error_of(call, head, Refusal(), "a choice that ended in an error");
}

}  // namespace providers
