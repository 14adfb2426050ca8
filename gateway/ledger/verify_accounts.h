#pragma once
// What accounts cost, checked: the sums per account against those per series, and each longer span
// against its parts. They stand in another order, by account; both orders add up, weighted by the
// slot, to one number per account, so that nothing is looked up. Unequal sums whose numbers are
// equal are out of reach. Beside one Database, on its thread.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/ledger/difference.h"
#include "gateway/ledger/names.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/sums.h"

namespace gateway {

class AccountsVerifier {
 public:
  // A series, by the numbers of its names, cost so much in the quarter that begins with `slot`.
  void paid(const SeriesKey& names, std::int64_t slot, MoneySum cost);

  // After all of that. Tells each finding in a line; returns how many sums were read.
  using Found = std::function<void(std::string line)>;
  config::Result<std::int64_t> verify(sqlite::Database& reader, Names& names, const Found& found);

 private:
  using Account = std::pair<int, std::int64_t>;  // kind, number of its name
  using SpanSlot = std::pair<std::int64_t, std::int64_t>;

  std::map<Account, MoneyDifference> paid_;  // less what is stored
};

// "the sum of … is not that of its parts".
std::string wrong_sum(std::string_view whose, std::int64_t span, std::int64_t slot,
                      std::string_view of);

}  // namespace gateway
