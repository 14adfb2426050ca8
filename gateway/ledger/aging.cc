#include "gateway/ledger/aging.h"

#include <utility>

#include "gateway/log.h"

namespace gateway {

Aging::Aging(Duty duty, Later later) : duty_(std::move(duty)), later_(std::move(later)) {}

void Aging::look() {
  if (under_way_.exchange(true)) return;
  if (!later_([this] { step(); })) under_way_ = false;
}

void Aging::step() {
  const auto now = duty_.now();
  const auto done = now ? duty_.act(*now - duty_.age, *now, duty_.step) : now.error();
  if (done) count_ += *done;
  if (done && *done >= duty_.step && later_([this] { step(); })) return;
  if (!done) {
    log::error(duty_.failed, {{"why", done.error().message}, {"detail", done.error().detail}});
  }
  if (count_ > 0) log::info(duty_.done, {{"count", count_}});
  count_ = 0;
  under_way_ = false;
}

}  // namespace gateway
