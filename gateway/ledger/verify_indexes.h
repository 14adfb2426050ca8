#pragma once
// Whether the indexes of the records have every record, and nothing else, in order. Both sides
// are read in the order they are stored in and come to one number each, so that nothing is looked
// up and nothing kept. Part of verify().

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/ledger/sqlite/database.h"

namespace gateway {

struct IndexContents {
  std::int64_t entries = 0;
  std::uint64_t sum = 0;  // of a hash of each, whatever their order
  bool sorted = true;
};

struct IndexesOfRecords {
  IndexContents by_start;
  IndexContents by_request;

  // What they should have of the row that stands ready, one of prepare_select.
  void add_record(const sqlite::Statement& select);
};

// What they have.
config::Result<IndexesOfRecords> read_indexes(sqlite::Database& reader);

// A line for each that differs.
std::vector<std::string> differences(const IndexesOfRecords& expected,
                                     const IndexesOfRecords& there);

}  // namespace gateway
