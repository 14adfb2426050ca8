#pragma once
// The chain that runs over a ledger's rows: each row's hash is the SHA-256 of the hash
// before it and of the row's canonical bytes, so that no row can be changed, taken out or
// put in unnoticed. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "config/base/sha256.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

// How a record becomes the bytes that are hashed. Numbers of eight bytes each made them 500, and
// hashing them cost more than all else that is not SQLite's: rows are `compact` after the one that
// the ledger names by kCompactAfter, and `wide` up to it.
enum class LinkForm : std::uint8_t { wide, compact };
inline constexpr std::string_view kCompactAfter = "compact_links_after";  // in `meta`

// The same for a record however it is stored; never changes for the same record, moments
// in microseconds. Every field counts, with its length or its presence.
void append_canonical(std::string& out, const UsageRecord& record, std::int64_t revision,
                      LinkForm form);

// Before the first row.
config::Sha256 first_link(std::string_view ledger_identity);

config::Sha256 next_link(const config::Sha256& before, const UsageRecord& record,
                         std::int64_t revision, LinkForm form);

}  // namespace gateway
