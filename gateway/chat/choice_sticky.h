#pragma once
// The targets by conversation: the same beginning goes to the same target, where its prompt may lie
// cached. Rendezvous hashing over the weights: each target draws a number for each conversation, so
// that one that rests or is added moves only its own. Pure; nothing is remembered.

#include <cstdint>

#include "gateway/chat/choice.h"

namespace gateway::chat {

// Whose conversation with which model, and how it began: everything up to the first message of the
// user, or what a completion's prompt begins with. The same in every worker and after a restart.
std::uint64_t conversation_of(const providers::ChatRequest& chat, const config::Model& model,
                              const VirtualKey& caller, providers::JsonWorkspace& json);

// One that weighs nothing comes last.
void by_conversation(Targets& targets, std::uint64_t conversation);

}  // namespace gateway::chat
