#pragma once
// In which order a route's targets are tried, and whether the next one may be.

#include <span>

#include "config/base/error.h"
#include "gateway/chat/choice.h"
#include "gateway/routing_table.h"
#include "providers/chat_request.h"

namespace gateway::chat {

bool serves(const config::Capabilities& can, providers::Operation operation);

// All of the route's targets that serve the operation, or those of `only` (in its order), as
// `choice` would have them: the first is tried first, the others are failover.
Targets target_order(const Route& route, const Choice& choice,
                     std::span<const RouteTarget* const> only = {});

// `failed` ended with `error` and nothing has been shown. What is the client's own
// fault would fail everywhere; a conversation too long for one may fit a larger one.
bool may_try(const config::Target& next, const config::Target& failed, const config::Error& error);

// Of two failures, the one that tells the client more about what to do.
const config::Error& more_useful(const config::Error& a, const config::Error& b);

}  // namespace gateway::chat
