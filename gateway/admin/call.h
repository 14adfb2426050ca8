#pragma once
// A request to the admin API and its answer, free of sockets: whoever brings the request, a
// listener or the command line, the same functions answer it. Values of views.

#include <string>
#include <string_view>

#include "gateway/http/request.h"

namespace gateway::admin {

// Views last until the answer is made.
struct Call {
  http::verb method = http::verb::get;
  std::string_view path;   // decoded, from /api on
  std::string_view query;  // what stands behind '?', as sent
  std::string_view body;
  std::string_view if_match;         // the version the caller has seen; empty: any
  std::string_view idempotency_key;  // empty: none
  std::string who;                   // for the audit log
  std::string_view request_id = {};
};

struct Answer {
  unsigned status = 200;
  std::string body;
  std::string_view content_type = "application/json";  // lives forever
};

}  // namespace gateway::admin
