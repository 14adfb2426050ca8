#pragma once
// Everything that can end a request early, as one value and one table. An Error
// is built where the cause is known, carried unchanged to the edge and turned
// into HTTP in exactly one place. Building one has no side effects.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>  // boost::core::string_view, inside result.hpp, needs it complete
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace config {

enum class ErrorCode : std::uint8_t {
  // The caller's.
  malformed_request,
  invalid_request,
  unsupported_parameter,
  context_length,
  content_policy,
  invalid_key,
  key_expired,
  forbidden,
  conflict,
  not_found,
  model_not_found,
  method_not_allowed,
  request_timeout,
  too_large,
  target_too_long,
  unsupported_media_type,
  expectation_failed,
  head_too_large,
  rate_limited,
  budget_exceeded,
  price_unknown,
  upstream_rejected,
  client_left,
  // An upstream's, or ours towards it.
  upstream_busy,
  upstream_denied,
  upstream_no_credit,
  upstream_model_missing,
  upstream_unavailable,
  upstream_timeout,
  upstream_garbled,
  outpaced,
  // Ours.
  overloaded,
  server_shutdown,
  internal,
};

enum class Fault : std::uint8_t { client, upstream, gateway };

// How one code looks from outside: OpenAI's `type` and `code` (empty: null), the
// status it is answered with, and who has to mend it.
struct ErrorShape {
  ErrorCode code;
  std::uint16_t http_status;
  std::string_view type;
  std::string_view openai_code;
  Fault fault;
  bool another_target_may_try;
  // Sent as x-should-retry: false, because the official SDKs would otherwise
  // repeat what cannot succeed.
  bool retry_is_pointless;
};

inline constexpr std::array kErrorShapes{
    // clang-format off
    ErrorShape{ErrorCode::malformed_request,      400, "invalid_request_error", "malformed_request",      Fault::client,   false, false},
    ErrorShape{ErrorCode::invalid_request,        400, "invalid_request_error", "",                       Fault::client,   false, false},
    ErrorShape{ErrorCode::unsupported_parameter,  400, "invalid_request_error", "unsupported_parameter",  Fault::client,   true,  false},
    ErrorShape{ErrorCode::context_length,         400, "invalid_request_error", "context_length_exceeded",Fault::client,   false, false},
    ErrorShape{ErrorCode::content_policy,         400, "invalid_request_error", "content_policy_violation",Fault::client,  false, false},
    ErrorShape{ErrorCode::invalid_key,            401, "authentication_error",  "invalid_api_key",        Fault::client,   false, false},
    ErrorShape{ErrorCode::key_expired,            401, "authentication_error",  "key_expired",            Fault::client,   false, false},
    ErrorShape{ErrorCode::forbidden,              403, "invalid_request_error", "forbidden",              Fault::client,   false, false},
    ErrorShape{ErrorCode::conflict,               409, "invalid_request_error", "conflict",               Fault::client,   false, true},
    ErrorShape{ErrorCode::not_found,              404, "invalid_request_error", "not_found",              Fault::client,   false, false},
    ErrorShape{ErrorCode::model_not_found,        404, "invalid_request_error", "model_not_found",        Fault::client,   false, false},
    ErrorShape{ErrorCode::method_not_allowed,     405, "invalid_request_error", "method_not_allowed",     Fault::client,   false, false},
    ErrorShape{ErrorCode::request_timeout,        408, "invalid_request_error", "request_timeout",        Fault::client,   false, false},
    ErrorShape{ErrorCode::too_large,              413, "invalid_request_error", "request_too_large",      Fault::client,   false, false},
    ErrorShape{ErrorCode::target_too_long,        414, "invalid_request_error", "target_too_long",        Fault::client,   false, false},
    ErrorShape{ErrorCode::unsupported_media_type, 415, "invalid_request_error", "unsupported_media_type", Fault::client,   false, false},
    ErrorShape{ErrorCode::expectation_failed,     417, "invalid_request_error", "expectation_failed",     Fault::client,   false, false},
    ErrorShape{ErrorCode::head_too_large,         431, "invalid_request_error", "head_too_large",         Fault::client,   false, false},
    ErrorShape{ErrorCode::rate_limited,           429, "rate_limit_error",      "rate_limit_exceeded",    Fault::client,   false, false},
    ErrorShape{ErrorCode::budget_exceeded,        429, "insufficient_quota",    "insufficient_quota",     Fault::client,   true,  true},
    ErrorShape{ErrorCode::price_unknown,          400, "invalid_request_error", "price_unknown",          Fault::client,   true,  false},
    ErrorShape{ErrorCode::upstream_rejected,      400, "invalid_request_error", "",                       Fault::client,   false, false},
    ErrorShape{ErrorCode::client_left,            499, "invalid_request_error", "client_left",            Fault::client,   false, true},
    ErrorShape{ErrorCode::upstream_busy,          429, "upstream_error",        "upstream_busy",          Fault::upstream, true,  false},
    ErrorShape{ErrorCode::upstream_denied,        502, "upstream_error",        "upstream_denied",        Fault::gateway,  true,  true},
    ErrorShape{ErrorCode::upstream_no_credit,     429, "insufficient_quota",    "insufficient_quota",     Fault::gateway,  true,  true},
    ErrorShape{ErrorCode::upstream_model_missing, 404, "invalid_request_error", "model_not_found",        Fault::gateway,  true,  true},
    ErrorShape{ErrorCode::upstream_unavailable,   502, "upstream_error",        "upstream_unavailable",   Fault::upstream, true,  false},
    ErrorShape{ErrorCode::upstream_timeout,       504, "upstream_error",        "upstream_timeout",       Fault::upstream, true,  false},
    ErrorShape{ErrorCode::upstream_garbled,       502, "upstream_error",        "upstream_garbled",       Fault::upstream, true,  false},
    ErrorShape{ErrorCode::outpaced,               502, "upstream_error",        "outpaced",               Fault::gateway,  true,  false},
    ErrorShape{ErrorCode::overloaded,             503, "server_error",          "overloaded",             Fault::gateway,  false, false},
    ErrorShape{ErrorCode::server_shutdown,        503, "server_error",          "server_shutdown",        Fault::gateway,  false, false},
    ErrorShape{ErrorCode::internal,               500, "server_error",          "internal",               Fault::gateway,  false, false},
    // clang-format on
};

static_assert(kErrorShapes.size() == static_cast<std::size_t>(ErrorCode::internal) + 1,
              "a row for every code");
static_assert(
    [] {
      for (std::size_t i = 0; i < kErrorShapes.size(); ++i) {
        if (kErrorShapes[i].code != static_cast<ErrorCode>(i)) return false;
      }
      return true;
    }(),
    "rows stand in the order of the enumeration");

constexpr const ErrorShape& shape(ErrorCode code) {
  return kErrorShapes[static_cast<std::size_t>(code)];
}

// The enumerator's own name: what logs and metrics call it.
std::string_view to_string(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // for the caller: what was wrong, and how to mend it
  std::string detail;   // for the log: upstream text, system error; never sent out
  std::string param;    // the request's field at fault, as OpenAI names it; empty: none
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  // Where an upstream's own words are relayed (upstream_rejected, upstream_busy):
  // its status, and its `code` where that is a meaningful word. 0 and empty: the table's.
  std::uint16_t upstream_status = 0;
  std::string upstream_code;
  // Of an upstream's failure: the same one may be asked again, and nothing is paid for twice.
  bool same_target_may_try = false;

  bool another_target_may_try() const { return shape(code).another_target_may_try; }
  Fault fault() const { return shape(code).fault; }
  std::uint16_t http_status() const {
    return upstream_status != 0 ? upstream_status : shape(code).http_status;
  }
};

template <class T>
using Result = boost::system::result<T, Error>;

// What boost::system::result calls when value() is asked of an Error: a bug in
// the caller, never a way to report a failure.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("value() of a failed Result: " + error.message);
}

// The three commonest ways to make one.
inline Error invalid_request(std::string message, std::string param = {}) {
  Error error;
  error.code = ErrorCode::invalid_request;
  error.message = std::move(message);
  error.param = std::move(param);
  return error;
}

inline Error unsupported_parameter(std::string message, std::string param) {
  Error error = invalid_request(std::move(message), std::move(param));
  error.code = ErrorCode::unsupported_parameter;
  return error;
}

inline Error failure(ErrorCode code, std::string message, std::string detail = {}) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.detail = std::move(detail);
  return error;
}

}  // namespace config
