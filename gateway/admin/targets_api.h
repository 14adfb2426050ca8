#pragma once
// /api/targets on the admin listener: how the circuits of the configured targets stand, and what
// an administrator may do about it. The listener's thread; what it is given outlives it.
//
//   GET  /api/targets?route=MODEL
//   POST /api/targets/NAME/reset  asked again at once; reality undoes it
//   POST /api/targets/NAME/hold   {"minutes":30}: left alone for so long

#include <functional>
#include <memory>
#include <string>

#include "config/base/clock.h"
#include "gateway/admin/call.h"
#include "gateway/async.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/circuit_breakers.h"

namespace gateway::admin {

struct TargetsSource {
  std::function<std::shared_ptr<const Snapshot>()> snapshot;
  upstream::CircuitBreakers& breakers;
  const config::Clock& clock;
  // Writes into the log of changes who did what to which target. Errors: it cannot be written.
  std::function<Awaitable<config::Result<void>>(const std::string& who, std::string_view action,
                                                const std::string& target,
                                                const std::string& asked)>
      note;
};

Awaitable<config::Result<Answer>> targets(const TargetsSource& source, const Call& call);

}  // namespace gateway::admin
