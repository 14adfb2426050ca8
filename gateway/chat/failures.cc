#include "gateway/chat/failures.h"

#include <utility>

#include "gateway/chat/target_order.h"

namespace gateway::chat {

void Failures::keep(std::optional<config::Error>& best, config::Error error) {
  if (!best || &more_useful(*best, error) == &error) best = std::move(error);
}

void Failures::failed(const config::Target& target, config::Error error) {
  target_ = &target;
  last_ = error;
  keep(best_, std::move(error));
}

void Failures::rests(std::string_view target, bool held, config::Error why) {
  if (held) {
    explanation_.held(target);
  } else {
    explanation_.resting(target, why);
  }
  keep(resting_, std::move(why));
}

void Failures::without_key(std::string_view target, config::Error why) {
  explanation_.without_key(target, why);
  keep(resting_, std::move(why));
}

bool Failures::leave_a_chance(const config::Target& next) {
  if (!last_ || may_try(next, *target_, *last_)) return true;
  explanation_.no_help(next.name.view(), *last_);
  return false;
}

}  // namespace gateway::chat
