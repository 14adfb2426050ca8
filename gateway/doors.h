#pragma once
// The listening sockets that a gateway begins with: bound anew, given by whoever started it
// (systemd's socket activation), or handed over by the gateway that it takes the place of. Values;
// used once, at start.

#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/http/listening_socket.h"

namespace gateway {

struct Doors {
  std::vector<http::ListeningSocket> clients;  // empty: to be bound
  http::ListeningSocket admin;                 // none: to be bound

  // Binds what is missing and makes one set of sockets for each worker, so that every socket is
  // listened on by somebody and every worker listens. Throws std::system_error.
  std::vector<std::vector<http::ListeningSocket>> for_workers(const config::Endpoint& where,
                                                              int workers);
  http::ListeningSocket for_admin(const config::Endpoint& where);
};

// What LISTEN_FDS says (sd_listen_fds(3)); a socket called `admin` is the admin listener's. An
// Error's message is a line for the operator. Once, before there are threads: it takes the
// variables away.
config::Result<Doors> doors_from_environment();

// An Error where a socket listens elsewhere than the configuration says: who may come in follows
// from that.
config::Result<void> check_addresses(const Doors& doors, const config::Config& config);

}  // namespace gateway
