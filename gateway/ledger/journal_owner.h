#pragma once
// Whose journals a folder holds: what a dead process left in it is carried into the ledger of
// whoever finds it, which must be the one it was meant for. At start, before anything else.

#include <filesystem>
#include <string_view>

#include "config/base/error.h"

namespace gateway {

// Writes `identity` of the ledger into the folder (made where it is missing), or finds it
// there. An Error (`internal`, one line for the operator) where it is another ledger's.
config::Result<void> claim_journals(const std::filesystem::path& folder, std::string_view identity);

}  // namespace gateway
