#include "config/base/error.h"

namespace config {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed_request:
      return "malformed_request";
    case ErrorCode::invalid_request:
      return "invalid_request";
    case ErrorCode::unsupported_parameter:
      return "unsupported_parameter";
    case ErrorCode::context_length:
      return "context_length";
    case ErrorCode::content_policy:
      return "content_policy";
    case ErrorCode::invalid_key:
      return "invalid_key";
    case ErrorCode::key_expired:
      return "key_expired";
    case ErrorCode::forbidden:
      return "forbidden";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::model_not_found:
      return "model_not_found";
    case ErrorCode::method_not_allowed:
      return "method_not_allowed";
    case ErrorCode::request_timeout:
      return "request_timeout";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::target_too_long:
      return "target_too_long";
    case ErrorCode::unsupported_media_type:
      return "unsupported_media_type";
    case ErrorCode::expectation_failed:
      return "expectation_failed";
    case ErrorCode::head_too_large:
      return "head_too_large";
    case ErrorCode::rate_limited:
      return "rate_limited";
    case ErrorCode::budget_exceeded:
      return "budget_exceeded";
    case ErrorCode::price_unknown:
      return "price_unknown";
    case ErrorCode::upstream_rejected:
      return "upstream_rejected";
    case ErrorCode::client_left:
      return "client_left";
    case ErrorCode::upstream_busy:
      return "upstream_busy";
    case ErrorCode::upstream_denied:
      return "upstream_denied";
    case ErrorCode::upstream_no_credit:
      return "upstream_no_credit";
    case ErrorCode::upstream_model_missing:
      return "upstream_model_missing";
    case ErrorCode::upstream_unavailable:
      return "upstream_unavailable";
    case ErrorCode::upstream_timeout:
      return "upstream_timeout";
    case ErrorCode::upstream_garbled:
      return "upstream_garbled";
    case ErrorCode::outpaced:
      return "outpaced";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::server_shutdown:
      return "server_shutdown";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace config
