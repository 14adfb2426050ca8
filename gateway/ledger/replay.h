#pragma once
// What a journal's folder says when nobody writes it any more: the records in it, and one
// for each hold whose attempt its process did not live to record. Blocks on the disk.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "config/base/error.h"
#include "gateway/ledger/hold.h"
#include "gateway/ledger/segment.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

struct Replayed {
  std::size_t records = 0;      // settled
  std::size_t interrupted = 0;  // held, never settled
  std::size_t torn = 0;         // files whose last write was cut short; the cut is dropped
  std::size_t damaged = 0;      // stretches between good entries that are none
  // Entries whose checksum is right and whose meaning is not known here: another version
  // wrote them, and such a folder must be kept for it.
  std::size_t not_understood = 0;
};

// The journal files in a folder, in the order in which they must be read: what the ledger's
// thread carried over first, then each writer's from its oldest.
std::vector<SegmentName> segments_in(const std::filesystem::path& folder);

// Takes records into the ledger; an Error stops the replay, which may be repeated from its
// beginning: the ledger takes a record once.
using TakeRecords = std::function<config::Result<void>(std::span<const UsageRecord>)>;

// The settled records of each writer in its order, then the interrupted ones, in batches.
config::Result<Replayed> replay(const std::filesystem::path& folder, const TakeRecords& take);

// Every attempt that a folder speaks of which may be written at this moment: its record, or
// what would become of its hold if its process died now. A glance: what moves between files
// meanwhile may be missed.
std::vector<UsageRecord> attempts_in(const std::filesystem::path& folder);

}  // namespace gateway
