#pragma once
// In which order a route's targets are tried, and whether the next one may be.

#include <random>
#include <vector>

#include "config/base/error.h"
#include "gateway/routing_table.h"
#include "providers/chat_request.h"

namespace gateway::chat {

bool serves(const config::Capabilities& can, providers::Operation operation);

// In the operator's order, or with the first one drawn by weight and the others
// behind it in order. Only targets that serve the operation.
std::vector<const RouteTarget*> target_order(const Route& route, providers::Operation operation,
                                             std::mt19937_64& random);

// `failed` ended with `error` and nothing has been shown. What is the client's own
// fault would fail everywhere; a conversation too long for one may fit a larger one.
bool may_try(const config::Target& next, const config::Target& failed, const config::Error& error);

// Of two failures, the one that tells the client more about what to do.
const config::Error& more_useful(const config::Error& a, const config::Error& b);

}  // namespace gateway::chat
