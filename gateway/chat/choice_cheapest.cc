#include "gateway/chat/choice_cheapest.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "gateway/chat/reservation.h"

namespace gateway::chat {

void cheapest_first(Targets& targets, const providers::ChatRequest& chat,
                    const config::Model& model) {
  constexpr std::size_t kUsual = 8;  // targets of a route
  const Expectation usual = usual_answer(chat, model);
  // The place decides between equal ones.
  boost::container::small_vector<std::pair<std::int64_t, std::size_t>, kUsual> costs;
  for (const RouteTarget* target : targets) {
    const auto amount = reserve(chat, usual, target->target.price).amount;
    costs.emplace_back(amount ? amount->value : std::numeric_limits<std::int64_t>::max(),
                       costs.size());
  }
  std::sort(costs.begin(), costs.end());
  const boost::container::small_vector<const RouteTarget*, kUsual> before(targets.begin(),
                                                                          targets.end());
  for (std::size_t i = 0; i < costs.size(); ++i) targets[i] = before[costs[i].second];
}

}  // namespace gateway::chat
