#pragma once
// The admin listener's /api as a table: method, path, who may, and what answers. Everything
// refers to what outlives the listener; its thread only.

#include <functional>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "gateway/admin/call.h"
#include "gateway/admin/tokens.h"
#include "gateway/async.h"
#include "gateway/http/endpoints.h"

namespace gateway::admin {

// The Call lives until the answer is there.
using Handle = std::function<Awaitable<config::Result<Answer>>(const Call& call)>;

// Answers through the Reply itself, as it goes; an Error: nothing was answered yet.
using Talk = std::function<Awaitable<config::Result<void>>(const Call& call, http::Reply& reply)>;

struct Row {
  http::verb method;
  std::string_view path;  // one that ends in '/': everything below it
  Role least;             // and every role above
  Handle handle;          // or else
  Talk talk = {};
};

// Asks for the token before anything else, wants a body to say that it is JSON, and says in
// the log what was changed.
std::vector<http::Endpoint> api_endpoints(const Tokens& tokens, std::vector<Row> table);

// Lets in who has a token of that role or a higher one. Errors: invalid_key, forbidden.
http::Gate gate_for(const Tokens& tokens, Role least);

}  // namespace gateway::admin
