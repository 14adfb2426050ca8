#pragma once
// The head of a request to an upstream, as text. Nothing from outside can add a line
// to it: names are tokens, values hold no control character, else it is not built.

#include <string>

#include "config/base/error.h"
#include "config/config.h"
#include "providers/adapter.h"

namespace gateway::upstream {

// Host, User-Agent, Accept, Accept-Encoding, Content-Type and Content-Length are ours;
// User-Agent, Accept and Content-Type may be set by the request instead. An Error is
// `internal`: a bug in an adapter or a configuration that should not have loaded.
config::Result<std::string> request_head(const config::Target& target,
                                         const providers::UpstreamRequest& request);

}  // namespace gateway::upstream
