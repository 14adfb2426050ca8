#pragma once
// Looks for anything wrong in a ledger: the file's structure, each record's hash and place
// in the chain, the records' indexes, and that every stored sum is the sum of its records. Reads
// all of it, in the order it is stored in and with memory that does not grow with it, on a
// connection of its own, as of one moment; the gateway may go on writing meanwhile.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
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

// What is read now, and how far ("the chain", "120000 records").
using VerifyProgress = std::function<void(std::string_view part, std::string_view reached)>;

// An Error where it could not be read to the end at all. Of the days from which retention
// took records, the sums are compared with each other only.
config::Result<Verdict> verify(
    sqlite::Database& reader,
    const VerifyProgress& progress = [](std::string_view, std::string_view) {});

}  // namespace gateway
