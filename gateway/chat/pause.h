#pragma once
// Waits before a target is asked again, for as long as the client does. A coroutine of the
// request.

#include "config/base/clock.h"
#include "gateway/async.h"
#include "gateway/chat/attempt.h"

namespace gateway::chat {

// Nothing is awaited where `until` has passed, or the gateway has no more time. An Error
// (client_left): nobody waits any more. The client of a stream gets its signs of life meanwhile.
Awaitable<config::Result<void>> pause(Worker& worker, const Asker& asker, bool streamed,
                                      config::Clock::Steady until);

}  // namespace gateway::chat
