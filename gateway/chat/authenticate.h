#pragma once
// Who is asking: `Authorization: Bearer <key>` -> VirtualKey. CPU only; any thread.

#include "config/base/error.h"
#include "gateway/http/request.h"
#include "gateway/snapshot.h"

namespace gateway::chat {

// The key lives as long as the snapshot. invalid_key never repeats what was
// presented; key_expired: it is not good at `now`. Only the Authorization field counts: not the
// query, a cookie, a trailer or the body.
config::Result<const VirtualKey*> authenticate(const Snapshot& snapshot,
                                               const http::Request& request,
                                               config::Clock::Wall now);

}  // namespace gateway::chat
