#pragma once
// The targets by what this request is expected to cost at each: its prompt, by estimate, and an
// answer of usual length. Equal ones stay in order; those without a price come last. Pure.

#include "gateway/chat/choice.h"

namespace gateway::chat {

void cheapest_first(Targets& targets, const providers::ChatRequest& chat,
                    const config::Model& model);

}  // namespace gateway::chat
