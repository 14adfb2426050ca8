#pragma once
// POST /api/reconcile on the admin listener: a pass over the past, with the running gateway's
// providers, keys and connections, one at a time. The answer is a stream of server-sent events,
// an attempt each as it is looked at, so that neither side keeps a long pass in memory; a client
// that leaves ends the pass. The listener's thread; what it is given outlives it.
//
//   {"since":…,"until":…,"provider":…,"all":false,"dry_run":false,"format":…}, all may be absent
//   data: an attempt (finding_json); with `format` {"text":…}, as the command line prints it
//   event: summary, or error where the ledger did not go on; the last

#include <functional>
#include <string>

#include "config/base/clock.h"
#include "gateway/admin/call.h"
#include "gateway/async.h"
#include "gateway/http/reply.h"
#include "gateway/reconcile/background.h"

namespace gateway::admin {

struct ReconcileSource {
  reconcile::Background& passes;
  const config::Clock& clock;
  // Writes into the log of changes who asked for what. Errors: it cannot be written.
  std::function<Awaitable<config::Result<void>>(const std::string& who, const std::string& asked)>
      note;
};

// An Error: nothing was answered yet.
Awaitable<config::Result<void>> reconcile(const ReconcileSource& source, const Call& call,
                                          http::Reply& reply);

}  // namespace gateway::admin
