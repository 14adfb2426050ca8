#pragma once
// Usage as upstreams spell it, read from every place and name they put it, and as our
// clients get it. Pure functions over a validated document.

#include <string>

#include "providers/usage.h"
#include "providers/wire/json_document.h"

namespace providers {

// Takes what `usage` says into `out`; what it does not say stays as it was, so that
// the last word of a stream counts. Anything but an object says nothing.
void read_usage(JsonValue usage, Usage& out);

// Takes a cost from a header field's text ("0.0000049"); no number: nothing changes.
void read_reported_cost(std::string_view text, Usage& out);

// Appends the usage object for the client: OpenAI's names first, total_tokens and
// details in their place, then members of `original` that we do not know, as they were
// spelled, then `cost` in USD with `cost_source`, and `source` where nobody reported
// the tokens. `original` may be absent.
void append_usage(std::string& out, const Usage& usage, const Cost& cost, JsonValue original);

}  // namespace providers
