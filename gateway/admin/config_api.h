#pragma once
// The admin listener's view of the configuration: what runs, whether its files still say that,
// and what is wrong with them. The listener's thread; what it is given outlives it.
//
//   GET  /api/config
//   POST /api/reload  {"dry_run":true}: says what would become of it

#include <functional>
#include <string>

#include "config/base/clock.h"
#include "gateway/admin/call.h"
#include "gateway/async.h"
#include "gateway/reload.h"

namespace gateway::admin {

struct ConfigSource {
  Reloader& reloader;
  const config::Clock& clock;
  // Writes into the log of changes who asked for it. Errors: it cannot be written.
  std::function<Awaitable<config::Result<void>>(const std::string& who)> note;
};

Awaitable<config::Result<Answer>> config(const ConfigSource& source, const Call& call);
Awaitable<config::Result<Answer>> reload(const ConfigSource& source, const Call& call);

}  // namespace gateway::admin
