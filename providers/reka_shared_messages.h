#pragma once
// Spells a History as the `messages` of a request.

#include <cstdint>

#include "config/base/error.h"
#include "config/capabilities.h"
#include "providers/reka_shared_history.h"
#include "providers/reka_shared_text.h"
#include "providers/wire/json_workspace.h"

namespace providers::reka {

// How a call the model made earlier is shown to it again.
enum class CallStyle : std::uint8_t {
  openai,  // {"id":…,"type":"function","function":{"name":…,"arguments":"{…}"}}
  native,  // {"id":…,"name":…,"parameters":{…}}
};

// Appends the array. Fails where arguments have to become an object and are none:
// invalid_request that names the call.
config::Result<void> write_messages(RequestText& out, const History& history,
                                    const config::Capabilities& can, CallStyle calls,
                                    JsonWorkspace& workspace);

// Every turn as text alone: what Research takes. The history has neither media nor
// tools.
void write_plain_messages(RequestText& out, const History& history);

}  // namespace providers::reka
