#pragma once
// The menu of the client port. Nothing of the admin side stands here.

#include <atomic>
#include <vector>

#include "gateway/chat/chat_handler.h"
#include "gateway/http/endpoints.h"
#include "gateway/worker.h"

namespace gateway {

// All references outlive the table. `draining` is read from any thread.
std::vector<http::Endpoint> client_endpoints(Worker& worker, chat::ChatHandler& chat,
                                             const std::atomic<bool>& draining);

}  // namespace gateway
