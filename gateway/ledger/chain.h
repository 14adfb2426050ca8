#pragma once
// The chain that runs over a ledger's rows: each row's hash is the SHA-256 of the hash
// before it and of the row's canonical bytes, so that no row can be changed, taken out or
// put in unnoticed. Pure.

#include <string>
#include <string_view>

#include "config/base/sha256.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

// The same for a record however it is stored; never changes for the same record, moments
// in microseconds. Every field counts, with its length or its presence.
void append_canonical(std::string& out, const UsageRecord& record, std::int64_t revision);

// Before the first row.
config::Sha256 first_link(std::string_view ledger_identity);

config::Sha256 next_link(const config::Sha256& before, const UsageRecord& record,
                         std::int64_t revision);

}  // namespace gateway
