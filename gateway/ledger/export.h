#pragma once
// Every record of a ledger as text, in the order of the chain. On a connection of its own.

#include <cstdint>
#include <functional>
#include <string_view>

#include "gateway/ledger/sqlite/database.h"

namespace gateway {

enum class ExportFormat : std::uint8_t {
  csv,   // a line of names, then one per row
  json,  // one object per line
};

// Hands over one line after the other, its end included. Corrections are rows of their own:
// of an attempt, the highest revision counts.
config::Result<void> export_records(sqlite::Database& reader, ExportFormat format,
                                    const std::function<void(std::string_view)>& line);

}  // namespace gateway
