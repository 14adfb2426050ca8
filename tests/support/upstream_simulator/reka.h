#pragma once
// The three APIs that share Reka's host: native chat, OpenAI-compatible chat of two eras,
// and Research. Used by reka.cc only; free functions without state.

#include <string>
#include <string_view>

#include "tests/support/upstream_simulator/dialect.h"
#include "tests/support/upstream_simulator/said.h"

namespace simulator::reka {

// {"error":{"type":…,"message":…,"param":…}}
Reply error(unsigned status, std::string_view type, std::string_view message,
            std::string_view param = {});
// FastAPI's 422.
Reply detail(std::string_view location, std::string_view message, std::string_view type);

Reply native_chat(Exchange& exchange);
Reply classic_chat(Exchange& exchange);
Reply current_chat(Exchange& exchange);
Reply research(Exchange& exchange);

bool knows_current_model(std::string_view model);

// Status of a refusal whose true status nobody has seen; 400 unless a knob says otherwise.
unsigned unseen_status(const Exchange& exchange, unsigned usual = 400);

// Prices are pico-USD per token, which is micro-USD per million tokens.
std::int64_t token_cost(const Said& said, std::int64_t in_pico, std::int64_t out_pico);

std::string answer_id(const Exchange& exchange);

}  // namespace simulator::reka
