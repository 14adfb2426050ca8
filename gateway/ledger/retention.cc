#include "gateway/ledger/retention.h"

#include <utility>

#include "gateway/log.h"

namespace gateway {

Retention::Retention(int keep_days, const config::Clock& clock, Retire retire, Later later)
    : keep_(std::chrono::hours(24) * keep_days),
      clock_(clock),
      retire_(std::move(retire)),
      later_(std::move(later)) {}

void Retention::look() {
  if (under_way_.exchange(true)) return;
  if (!later_([this] { step(); })) under_way_ = false;
}

void Retention::step() {
  const auto gone = retire_(clock_.wall() - keep_, kStep);
  if (gone && *gone > 0) removed_ += *gone;
  if (gone && *gone == kStep && later_([this] { step(); })) return;
  if (!gone) {
    log::error("old records cannot be removed; tried again later",
               {{"why", gone.error().message}, {"detail", gone.error().detail}});
  }
  if (removed_ > 0) log::info("old records are gone; their sums stay", {{"records", removed_}});
  removed_ = 0;
  under_way_ = false;
}

}  // namespace gateway
