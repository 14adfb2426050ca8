#pragma once
// From a Reply to the bytes on the wire, with the faults of time, breakage and framing.
// Pure.

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/reply.h"
#include "tests/support/upstream_simulator/script.h"

namespace simulator {

struct Wire {
  bool keep_alive = true;             // what the request asked for
  bool http10 = false;                // the request's version
  std::chrono::milliseconds pace{0};  // between events when no fault says otherwise
};

Script compose(const Reply& reply, const Faults& faults, const Wire& wire);

// Each event's text as it stands in the stream, line ends and all.
std::vector<std::string> render_events(const std::vector<Event>& events, const Faults& faults);

// A gzip file of these bytes; and one of a gibibyte of blanks, as steps.
std::string gzip(std::string_view bytes);
std::vector<Step> gzip_bomb();

std::string_view reason_of(unsigned status);

}  // namespace simulator
