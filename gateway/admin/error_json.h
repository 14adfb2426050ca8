#pragma once
// How an Error looks on the admin listener. Pure.

#include <string>
#include <string_view>

#include "config/base/error.h"

namespace gateway::admin {

// {"error":{"code":…,"message":…,"param":…,"request_id":…}}; param is null where no field of
// the request is at fault.
std::string error_json(const config::Error& error, std::string_view request_id);

}  // namespace gateway::admin
