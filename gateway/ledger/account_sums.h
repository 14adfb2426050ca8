#pragma once
// What an account's records cost together, from the ledger's roll-ups: budgets are filled from
// it. Beside one Database, writing or reading, on its thread.

#include <utility>

#include "config/base/clock.h"
#include "config/base/money.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/names.h"
#include "gateway/ledger/sqlite/database.h"

namespace gateway {

class AccountSums {
 public:
  static config::Result<AccountSums> open(sqlite::Database& database);

  // Of the records that began at or after `since`, unknown costs left out; 128 bits inside, an
  // Error where the sum does not fit. Several statements: within a transaction where others
  // may write.
  config::Result<config::PicoUsd> spent(Names& names, const AccountId& account,
                                        config::Clock::Wall since);

 private:
  AccountSums(sqlite::Statement through, sqlite::Statement slots, sqlite::Statement rest)
      : through_(std::move(through)), slots_(std::move(slots)), rest_(std::move(rest)) {}

  sqlite::Statement through_;  // until when there are sums only
  sqlite::Statement slots_;    // sums of an account's slots
  sqlite::Statement rest_;     // costs of its records
};

}  // namespace gateway
