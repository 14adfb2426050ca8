#pragma once
// The proxy an upstream is reached through: written down, or named by the environment where
// the configuration says that it counts. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "config/config.h"
#include "config/environment.h"

namespace config {

// "http://[USER[:PASSWORD]@]HOST:PORT", user and password percent-encoded; or what is wrong
// with it. The text is never repeated in the answer: it may hold a password.
std::variant<Proxy, std::string> parse_proxy(std::string_view text);

// What HTTPS_PROXY (for https://), HTTP_PROXY (for http://) or else ALL_PROXY says, in lower
// case first; nullopt: none of them, or NO_PROXY names the upstream. One on this machine is
// never reached through a proxy.
std::optional<std::string> proxy_of_environment(const BaseUrl& upstream,
                                                const Environment& environment);

}  // namespace config
