#pragma once
// Which of the ledger's rows retention takes: always the first ones, so that the chain goes on
// behind them. One whose clock was ahead when it was written does not keep those behind it: it
// counts as old as they are. Rows are given in the chain's order. A value; pure.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

namespace gateway {

class Retirement {
 public:
  // As many are looked at for an old one, besides those that are dated in the future.
  static constexpr int kLookAhead = 10'000;
  // As many that are young, by what they say, are taken for misdated at a time, and only where
  // more old ones follow each of them than doubtful ones: what goes gets no receipt any more.
  static constexpr int kMostDoubtful = 10;

  struct Row {
    std::int64_t id = 0;
    std::int64_t started = 0;  // microseconds, as below
    bool correction = false;
  };

  // What began before `before` is old; `at_most` rows go.
  Retirement(std::int64_t before, std::int64_t now, int at_most)
      : before_(before), now_(now), at_most_(static_cast<std::size_t>(at_most)) {}

  // False: no further row is wanted.
  bool add(const Row& row);

  std::size_t count() const { return count_; }
  std::int64_t last() const { return last_; }  // its id; 0: none goes
  // The latest moment among the old ones that go.
  std::int64_t through() const { return through_; }
  // The UTC days (seconds) in which those lie that are dated later and go as well.
  const std::set<std::int64_t>& misdated() const { return misdated_; }

 private:
  bool wait(const Row& row);
  void take(const Row& row);

  const std::int64_t before_;
  const std::int64_t now_;
  const std::size_t at_most_;

  std::size_t count_ = 0;
  std::int64_t last_ = 0;
  std::int64_t through_ = std::numeric_limits<std::int64_t>::min();
  std::set<std::int64_t> misdated_;

  // They go with enough old rows behind them.
  std::vector<Row> waiting_;
  std::int64_t earliest_ = std::numeric_limits<std::int64_t>::max();  // of those dated later
  int ahead_ = 0;  // the doubtful among them, less the old ones
  int doubtful_ = 0;
  int looked_ = 0;
};

}  // namespace gateway
