#pragma once
// Method and path to handler: one table per listener, built by the app, constant while
// requests run. The client's port and the admin port differ in nothing but their table.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/http/reply.h"
#include "gateway/http/request.h"

namespace gateway::http {

// Looks at a head before its body is read, so that what will not be served (no key, not
// JSON) costs neither memory nor waiting. May leave what it found out in `head.caller`.
using Gate = std::function<config::Result<void>(Request& head)>;
// Answers through the Reply. What it throws becomes a 500.
using Handler = std::function<Awaitable<void>(const Request&, Reply&)>;

struct Endpoint {
  verb method;  // get serves HEAD too
  std::string path;
  bool prefix = false;  // everything that begins with path
  Gate gate;            // empty: open to all
  Handler handler;
  bool asks_upstreams = false;  // counts among max_requests_in_flight
};

class Endpoints {
 public:
  explicit Endpoints(std::vector<Endpoint> table) : table_(std::move(table)) {}

  // What serves the method at the path, or nullptr.
  const Endpoint* find(verb method, std::string_view path) const;

  // The methods served at the path, as Allow wants them; empty: no such path. `*` stands
  // for every path.
  std::string allowed(std::string_view path) const;

  // What to say of a path that nothing is served at.
  config::Error nothing_at(std::string_view path) const;

  // What of a path stands in the table, for logs: the rest is whatever somebody sent, and may
  // be a key. Empty: no such path.
  std::string_view known_part(std::string_view path) const;

 private:
  const std::vector<Endpoint> table_;
};

}  // namespace gateway::http
