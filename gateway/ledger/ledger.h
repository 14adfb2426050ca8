#pragma once
// The book of everything that was spent: append-only records, summed for reports and
// budgets. Behind this interface so that another database can stand in. Every function
// may block on the disk: called on the ledger's thread (or by the command line), never by a
// worker.

#include <cstddef>
#include <span>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

class Ledger {
 public:
  virtual ~Ledger() = default;

  // All or nothing, in this order. A record that is there already (same request and
  // attempt) is left as it is: appending twice is harmless. Returns the positions of those,
  // almost always none. An Error (`overloaded`) means that nothing was appended and it may be
  // tried again.
  using ThereAlready = std::vector<std::size_t>;
  virtual config::Result<ThereAlready> append(std::span<const UsageRecord> records) = 0;

  // What an account's records that began at or after `since` cost together, unknown costs
  // left out. 128 bits inside; an Error where the sum does not fit.
  virtual config::Result<config::PicoUsd> spent(const AccountId& account,
                                                config::Clock::Wall since) = 0;
};

}  // namespace gateway
