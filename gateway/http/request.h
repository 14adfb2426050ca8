#pragma once
// A client's request as the endpoints see it. A view into the connection's buffers,
// valid until the connection reads its next request.

#include <memory>
#include <optional>
#include <ostream>  // boost::core::string_view, inside verb.hpp, needs it complete
#include <span>
#include <string>
#include <string_view>

#include <boost/beast/http/verb.hpp>

#include "config/base/error.h"
#include "gateway/http/field.h"

namespace gateway {
struct VirtualKey;
}

namespace gateway::http {

using boost::beast::http::verb;

struct Request {
  verb method = verb::unknown;
  std::string_view target;  // as sent
  std::string_view path;    // the target up to '?', without scheme and host
  std::span<const Field> fields;
  // The whole body, chunks joined; simdjson::SIMDJSON_PADDING bytes behind it can be read.
  // Empty while a Gate looks at the head.
  std::string_view body;
  // Minted by us, sent back as x-request-id.
  std::string_view id;
  // Who asks, once the endpoint's gate has found out; empty where nobody is asked.
  std::shared_ptr<const VirtualKey> caller;

  // The first field of that name, in any case; empty where there is none.
  std::string_view find(std::string_view name) const;
  // What the client calls this request, for the log and nothing else: X-Request-Id where
  // it is at most 128 token characters, else empty.
  std::string_view client_request_id() const;
};

// Refuses a body that says it is something other than JSON in UTF-8; silence is JSON.
config::Result<void> require_json(const Request& request);

// %41 becomes A; nothing where an escape is broken or hides a control byte.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace gateway::http
