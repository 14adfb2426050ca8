#pragma once
// An Error as OpenAI's error object, the only place it becomes JSON. Pure.

#include <string>

#include "config/base/error.h"

namespace gateway::http {

// Appends {"error":{"message":…,"type":…,"param":…,"code":…}}.
void append_error_json(std::string& out, const config::Error& error);

}  // namespace gateway::http
