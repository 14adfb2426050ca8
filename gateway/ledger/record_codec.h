#pragma once
// What the journal holds, as compact bytes: a type, a version, then the fields. Pure; any
// thread. Reading trusts no byte: what is not exactly one entry is nothing.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/ledger/hold.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

// A hold that has grown: this much is set aside for the attempt from here on.
struct Extend {
  config::RequestId request;
  int attempt = 1;  // from 1
  std::optional<config::PicoUsd> reserved;
};

using JournalEntry = std::variant<Hold, Extend, UsageRecord>;

// Texts an upstream chooses are cut to this, at the end of a character, so that a record
// has a largest size before its upstream has answered.
inline constexpr std::size_t kLongestUpstreamText = 256;

// Each appends the entry's bytes to `out`.
void encode(const Hold& hold, std::string& out);
void encode(const Extend& extend, std::string& out);
void encode(const UsageRecord& record, std::string& out);

// The most bytes that the record of this hold's attempt encodes to, whatever comes.
std::size_t longest_record(const Hold& hold);

// nullopt: not an entry, or one of a version that is not known here.
std::optional<JournalEntry> decode(std::string_view bytes);

}  // namespace gateway
