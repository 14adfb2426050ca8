#pragma once
// What the admin API answers about keys, for people. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::cli {

// Of GET /api/keys: a line per key. Widths follow what is there.
std::string keys_table(std::string_view json);

// Of GET /api/audit: a line per entry, the newest first.
std::string audit_table(std::string_view json);

// Of any answer with one `key`: a line per fact.
std::string key_facts(std::string_view json);

// "30d", "12h", "5m", "90s", "0": in seconds; -1: it is none.
std::int64_t seconds_in(std::string_view text);

}  // namespace gateway::cli
