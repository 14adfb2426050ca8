#include "gateway/chat/choice_weighted.h"

#include <algorithm>

namespace gateway::chat {

void draw_by_weight(Targets& targets, std::mt19937_64& random) {
  int total = 0;
  for (const RouteTarget* target : targets) total += target->target.weight;
  if (total <= 0) return;
  int draw = std::uniform_int_distribution<int>(0, total - 1)(random);
  const auto first = std::find_if(targets.begin(), targets.end(), [&](const RouteTarget* target) {
    draw -= target->target.weight;
    return draw < 0;
  });
  std::rotate(targets.begin(), first, first + 1);
}

}  // namespace gateway::chat
