#pragma once
// Looks for anything wrong in a ledger: the file's structure, each record's hash and place
// in the chain, and that every stored sum is the sum of its records. Reads all of it, on a
// connection of its own, as of one moment; the gateway may go on writing meanwhile.

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/ledger/sqlite/database.h"

namespace gateway {

struct Verdict {
  std::int64_t records = 0;  // read and hashed
  std::int64_t removed = 0;  // the last that retention took: the chain begins behind it
  std::int64_t sums = 0;     // stored sums compared with what they sum
  std::int64_t faults = 0;
  std::vector<std::string> findings;  // one line each, the first twenty
  bool sound() const { return faults == 0; }
};

// An Error where it could not be read to the end at all. Of the days from which retention
// took records, the sums are compared with each other only.
config::Result<Verdict> verify(sqlite::Database& reader);

}  // namespace gateway
