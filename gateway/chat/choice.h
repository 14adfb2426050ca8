#pragma once
// What every way of choosing among a route's targets has before it. Each puts the target it wants
// first and leaves the others behind it, for failover. On the request's frame; its worker's thread.

#include <random>
#include <vector>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/routing_table.h"
#include "gateway/upstream/latencies.h"
#include "gateway/virtual_keys.h"
#include "providers/chat_request.h"
#include "providers/wire/json_workspace.h"

namespace gateway::chat {

using Targets = std::vector<const RouteTarget*>;

struct Choice {
  const config::Model& model;
  config::Order order;  // the model's, or the request's own
  const providers::ChatRequest& chat;
  const VirtualKey& caller;
  providers::JsonWorkspace& json;
  config::Clock::Steady now;
  upstream::LatencyView* latencies = nullptr;  // nullptr: not known
  std::mt19937_64* random = nullptr;           // nullptr: nothing is left to chance
};

}  // namespace gateway::chat
