#pragma once
// Whether a request may go, and what is set aside for each of its attempts, by the limits
// of its key, the key's team and the gateway. CPU only: no step here waits.

#include <span>
#include <string>

#include "gateway/chat/meter.h"
#include "gateway/http/reply.h"
#include "gateway/limits/limiter.h"
#include "gateway/virtual_keys.h"
#include "providers/adapter.h"

namespace gateway::chat {

// A place among the running requests and the rates, or rate_limited.
config::Result<limits::Slot> admit(limits::Limiter& limiter, const VirtualKey& caller,
                                   const providers::ChatRequest& chat, const config::Model& model,
                                   limits::Now now);

// x-ratelimit-* as OpenAI sends them, where the caller has rates at all.
void add_rate_headers(const limits::RateStatus& status, http::Reply& reply);

// What one attempt may cost. `streamed`: it is paid for while it comes. An Error is
// price_unknown, where a budget would have to guess. `config` tells the price of models that
// the request lets its upstream fall back to (the dearest counts).
config::Result<Reservation> reservation(limits::Limiter& limiter, const VirtualKey& caller,
                                        const providers::Call& call, const config::Model& model,
                                        bool streamed, const config::Config& config);

// The same, held in every budget of the caller; or budget_exceeded.
config::Result<Stake> stake(limits::Limiter& limiter, const VirtualKey& caller,
                            const providers::Call& call, const config::Model& model, bool streamed,
                            const config::Config& config, limits::Now now);

}  // namespace gateway::chat
