#pragma once
// The targets by how soon their answers begin: of two that are drawn, the one with less before it
// goes first (power of two choices, so that not all requests run to the same), the others behind it
// by the same measure. Pure but for the latencies, which begin to be kept here.

#include <random>

#include "gateway/chat/choice.h"
#include "gateway/upstream/latencies.h"

namespace gateway::chat {

// What stands before a request at a target: its latency times those under way there, itself
// included. One never measured is tried by one request at a time.
double standing(const upstream::PeakLatency::Seen& seen);

void fastest_first(Targets& targets, bool streamed, upstream::LatencyView& latencies,
                   config::Clock::Steady now, std::mt19937_64* random);

}  // namespace gateway::chat
