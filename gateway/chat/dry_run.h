#pragma once
// What would become of a request, without asking anybody: which targets in which order, why
// not the others, what it would cost and what its budgets would have left. CPU only.

#include <string>

#include "gateway/chat/routing_override.h"
#include "gateway/limits/limiter.h"
#include "gateway/routing_table.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/circuit_breakers.h"
#include "gateway/upstream/latencies.h"
#include "gateway/virtual_keys.h"
#include "providers/chat_request.h"
#include "providers/wire/json_workspace.h"

namespace gateway::chat {

struct DryRun {
  const Snapshot& snapshot;
  const VirtualKey& caller;
  const providers::ChatRequest& chat;
  const RouteMatch& match;
  providers::JsonWorkspace& json;
  limits::Limiter& limiter;
  limits::Now now;
  upstream::BreakerView* breakers = nullptr;   // nullptr: how targets stand is not known
  upstream::LatencyView* latencies = nullptr;  // nullptr: nor how soon they answer
  RoutingOverride routing = {};
};

// {"object":"tollgate.dry_run","model":…,"prompt_tokens":…,"order":…,"order_means":…,"targets":
// [{"target":…,"use":true,"why":…,"cost":{"low":"0.0001","likely":…,"high":…},"held":…}],"budgets":[{"scope":"key",
// "name":…,"window":"month","limit":…,"spent":…,"held":…,"left_after":…,"resets_at":…}]}
// Money as decimal strings of USD; null where it is unknown. Tokens are estimates.
std::string dry_run(const DryRun& asked);

}  // namespace gateway::chat
