#pragma once
// What the faults make of a dialect's answer, before it is framed. Pure.

#include <optional>

#include "tests/support/upstream_simulator/dialect.h"

namespace simulator {

// A refusal that was asked for, in the dialect's words; the dialect is not asked then.
std::optional<Reply> refusal_for(const Faults& faults, const Dialect& dialect);

// Changes a whole body (group "body").
void bend_body(Reply& reply, const Faults& faults, const Dialect& dialect);

// Changes the list of events (group "events"), but for line ends and the like, which
// render_events() knows.
void bend_events(Reply& reply, const Faults& faults, const Dialect& dialect);

}  // namespace simulator
