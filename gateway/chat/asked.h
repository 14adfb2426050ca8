#pragma once
// What a request asks, of whom: everything that is known of it before anything is spent. On its
// handler's frame; its worker's thread.

#include <memory>

#include "gateway/chat/routing_override.h"
#include "gateway/ledger/usage_record.h"
#include "gateway/limits/limiter.h"
#include "gateway/routing_table.h"
#include "gateway/snapshot.h"
#include "providers/chat_request.h"

namespace gateway::chat {

struct Asked {
  std::shared_ptr<const Snapshot> snapshot;  // this request's view of the world, to its end
  providers::ChatRequest chat;
  RouteMatch match;
  Tags tags;
  RoutingOverride routing;
  bool dry_run = false;
  bool explain = false;
  limits::Slot slot;  // its place among the running requests
};

}  // namespace gateway::chat
