#pragma once
// A client's request as the endpoints see it. A view into the connection's buffers,
// valid until the connection reads its next request.

#include <cstdint>
#include <ostream>  // boost::core::string_view, inside verb.hpp, needs it complete
#include <span>
#include <string_view>

#include <boost/beast/http/verb.hpp>

#include "gateway/http/field.h"

namespace gateway::http {

using boost::beast::http::verb;

struct Request {
  verb method = verb::unknown;
  std::string_view target;  // as sent, origin-form
  std::string_view path;    // the target up to '?'
  std::span<const Field> fields;
  // The whole body, chunks joined; simdjson::SIMDJSON_PADDING bytes behind it can be read.
  std::string_view body;

  // The first field of that name, in any case; empty where there is none.
  std::string_view find(std::string_view name) const;
};

}  // namespace gateway::http
