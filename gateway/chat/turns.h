#pragma once
// Whose turn it is to answer a request: each target of its route in order, then those whose
// failure may have passed by now. On the request's frame; its worker's thread. Allocates only once
// something has failed.

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "gateway/routing_table.h"
#include "gateway/upstream/retry_budget.h"

namespace gateway::chat {

struct Turn {
  const RouteTarget* target = nullptr;
  int retries = 0;             // how many of this request's attempts at it were repetitions
  config::Clock::Steady at{};  // not before
  upstream::RetryBudget* budget = nullptr;  // what a repetition is taken from
  std::size_t keys = 1;                     // with how many of its keys it was asked in a row

  // With the same key as before, so that it costs a wait.
  bool is_repetition() const { return retries > 0 && keys == 1; }
};

class Turns {
 public:
  // `order` and its targets outlive this.
  explicit Turns(std::span<const RouteTarget* const> order) : order_(order) {}

  // nullopt: nobody is left. A target that is asked again comes when no other is left: another one
  // answers sooner and more surely than one that has just failed. (Unless the operator wants it
  // first: Retries::before_next.)
  std::optional<Turn> next();

  // One that nobody has asked yet, or its next key, to be asked beside another. nullopt: there is
  // none.
  std::optional<Turn> beside();

  // There is somebody whom nobody has asked yet.
  bool others() const { return asked_ < order_.size(); }

  // `turn`'s target was outpaced: it is asked again where whoever was faster breaks off.
  void outpaced(const Turn& turn) { spare_.push_back(turn); }

  // `turn`'s target refused its key: the next turn is its own, with another one. (Where two ask
  // beside each other, whoever says so takes it before the other can.)
  void with_next_key(const Turn& turn);
  // `turn`'s target failed and is asked again, not before `at` and where `budget` allows it then:
  // if another one answers first, nothing was taken.
  void again(const Turn& turn, config::Clock::Steady at, upstream::RetryBudget& budget);

 private:
  const std::span<const RouteTarget* const> order_;
  std::size_t asked_ = 0;  // of them
  std::optional<Turn> at_once_;
  std::vector<Turn> waiting_;
  std::vector<Turn> spare_;
};

}  // namespace gateway::chat
