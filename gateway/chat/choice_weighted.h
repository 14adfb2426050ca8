#pragma once
// The first target by lot, each as often as its weight says; the others stay in order. Pure.

#include <random>

#include "gateway/chat/choice.h"

namespace gateway::chat {

// One that weighs nothing is never drawn.
void draw_by_weight(Targets& targets, std::mt19937_64& random);

}  // namespace gateway::chat
