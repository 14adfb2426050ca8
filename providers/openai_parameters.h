#pragma once
// The parameters of a request against what its target can (config/capabilities.h) and
// its dialect takes: wire-facts' table of parameters, in one place. Pure.

#include "config/base/error.h"
#include "providers/adapter.h"
#include "providers/openai_shape.h"
#include "providers/request_draft.h"

namespace providers {

// Refuses what the caller relies on and the target cannot, naming it.
config::Result<void> check_features(const Call& call, const Dialect& dialect);

// Drops, renames and completes what remains.
config::Result<void> apply_parameters(const Call& call, const Dialect& dialect,
                                      RequestDraft& draft);

// Roles and history: developer as system, reasoning of earlier turns left out.
void apply_messages(const Call& call, const Dialect& dialect, RequestDraft& draft);

// Tool definitions and choice of before 2023-11 (functions, function_call) in today's
// shape, the turns of the history included.
config::Result<void> modernise_functions(const Call& call, RequestDraft& draft);

// The operator's own members of the body (extra_body): the last word over the client's.
void apply_extra_body(const Call& call, RequestDraft& draft);

// The caller speaks of functions, not of tools, and is answered with function_call.
bool speaks_of_functions(const ChatRequest& chat);

}  // namespace providers
