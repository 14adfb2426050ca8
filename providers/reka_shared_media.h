#pragma once
// One media part of a message as Reka takes it. Pure functions.

#include <string>
#include <string_view>

#include "config/base/error.h"
#include "config/capabilities.h"
#include "providers/chat_messages.h"
#include "providers/reka_shared_dropped.h"
#include "providers/reka_shared_history.h"

namespace providers::reka {

// `param` is where the part stands ("messages[0].content[1]"), `model` the name the
// client knows; both are named where the target cannot take the part.
config::Result<Media> read_media(const ContentPart& part, const config::Capabilities& can,
                                 std::string_view model, const std::string& param,
                                 Dropped& dropped);

}  // namespace providers::reka
