#pragma once
// A look into the ledger beside whoever writes it, this process or another: what a process
// needs to know to keep its budgets. One thread; opened for the occasion, so that what it sees
// is what is committed now and no writer waits for it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/ids.h"
#include "gateway/ledger/account_id.h"
#include "gateway/ledger/account_sums.h"
#include "gateway/ledger/names.h"
#include "gateway/ledger/sqlite/database.h"

namespace gateway {

class LedgerReader {
 public:
  static config::Result<std::unique_ptr<LedgerReader>> open(const std::string& path,
                                                            std::chrono::milliseconds busy_timeout);

  // Everything it says from here on is as of this moment. For many questions in a row, which
  // cost less so; not for long, because the ledger's WAL cannot be emptied meanwhile.
  config::Result<void> stay_at_this_moment();

  // SqliteLedger::identity.
  config::Result<std::string> identity();

  // Ledger::spent, of what is committed.
  config::Result<config::PicoUsd> spent(const AccountId& account, config::Clock::Wall since);

  // Which attempts have rows after this one, and which row is the newest, gone or not (0: there
  // was none yet).
  using AttemptId = std::pair<std::string, int>;
  config::Result<std::vector<AttemptId>> attempts_after(std::int64_t row);
  config::Result<std::int64_t> newest_row();

  // What the latest row of an attempt says it cost (zero: unknown); nullopt: there is none.
  config::Result<std::optional<config::PicoUsd>> cost(const config::RequestId& request,
                                                      int attempt);

 private:
  explicit LedgerReader(sqlite::Database database) : database_(std::move(database)) {}
  config::Result<void> prepare();

  sqlite::Database database_;
  struct Prepared {
    Names names;
    AccountSums accounts;
    sqlite::Statement latest;  // cost of an attempt
  };
  std::unique_ptr<Prepared> prepared_;
  std::optional<sqlite::Transaction> moment_;
};

}  // namespace gateway
