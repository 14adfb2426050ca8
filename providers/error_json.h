#pragma once
// How an Error looks to the client: the OpenAI error object. The one place that
// writes it, for whole answers and for the last event of a broken stream. Pure.

#include <string>

#include "config/base/error.h"
#include "providers/wire/body.h"

namespace providers {

// {"error":{"message":…,"type":…,"param":…,"code":…}}
std::string error_json(const config::Error& error);

// The same, behind what `out` holds.
void append_error_json(std::string& out, const config::Error& error);

// The same as a server-sent event. No [DONE] may follow it.
void append_error_event(const config::Error& error, Body& out);

}  // namespace providers
