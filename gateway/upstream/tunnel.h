#pragma once
// Asks an HTTP proxy for a tunnel to an upstream (CONNECT, RFC 9110 9.3.6), over a connection
// that has reached the proxy. What is sent afterwards goes to the upstream: TLS is with it,
// not with the proxy, and a plain upstream is reached the same way.

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/async.h"
#include "gateway/upstream/connection.h"
#include "gateway/upstream/origin.h"

namespace gateway::upstream {

// An Error names the proxy's answer. Closing `proxy_connection` meanwhile ends it soon.
Awaitable<config::Result<void>> open_tunnel(Connection& proxy_connection, OriginView upstream,
                                            const config::Proxy& proxy);

}  // namespace gateway::upstream
