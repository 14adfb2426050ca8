#pragma once
// GET /v1/models and /v1/models/{id}: what this key may use, in OpenAI's shape, with
// context length and prices as extra fields. CPU only.

#include <string>
#include <string_view>

#include "config/base/error.h"
#include "gateway/snapshot.h"

namespace gateway::chat {

std::string model_list(const Snapshot& snapshot, const VirtualKey& key);

// `id` as it stands in the path, percent-escapes included; ids contain '/'.
config::Result<std::string> one_model(const Snapshot& snapshot, const VirtualKey& key,
                                      std::string_view id);

}  // namespace gateway::chat
