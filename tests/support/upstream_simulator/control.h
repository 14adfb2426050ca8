#pragma once
// The simulator's own endpoints: POST /_control, GET /_log, /_stats, /_faults. Shapes:
// README.md beside this file.

#include <string>
#include <vector>

#include "tests/support/upstream_simulator/received.h"
#include "tests/support/upstream_simulator/reply.h"
#include "tests/support/upstream_simulator/state.h"

namespace simulator {

// An answer given byte by byte. Framed: `segments` are the body, sent in chunks of their
// own under a head made here; else they are everything, head included.
struct RawAnswer {
  bool framed = true;
  unsigned status = 200;
  Fields headers{{"Content-Type", "text/event-stream"}};
  std::vector<Step> segments;
  Ending ending = Ending::keep_alive;
};
Script script_of(const RawAnswer& raw);

Reply control(const Received& request, State& state);

}  // namespace simulator
