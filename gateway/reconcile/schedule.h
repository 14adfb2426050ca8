#pragma once
// Which attempts a background pass looks at, by their age, so that each is asked about often
// while it is young and seldom later, and a pass reads little. The first pass after a start
// looks at everything; later ones at the attempts whose age has come past `every`, twice that,
// four times that and so on since the last pass: about eight times in a day at ten minutes.
// A value; time is passed in.
//
// Ages are by the wall clock, since that is what records have. How much came past an age is the
// time since the last pass by the steady clock, or by the wall clock where that is more. So a
// clock set back has some attempts asked once more, and one set forward (or a machine that
// slept) none asked less: nobody is passed over.

#include <chrono>
#include <optional>
#include <vector>

#include "config/base/clock.h"
#include "config/config.h"

namespace gateway::reconcile {

// Half open, by when attempts began.
struct Span {
  config::Clock::Wall since;
  config::Clock::Wall until;
  bool operator==(const Span&) const = default;
};

struct Moment {
  config::Clock::Wall wall;
  config::Clock::Steady steady;
  static Moment of(const config::Clock& clock) { return {clock.wall(), clock.now()}; }
};

class Schedule {
 public:
  // A receipt is rarely there in the first moments. (Where passes are more often than that, they
  // wait for the next one only.)
  static constexpr std::chrono::milliseconds kTooYoung{30'000};

  // What a pass at this moment looks at: the oldest first, none overlapping another.
  std::vector<Span> due(const Moment& now, const config::Reconcile& pace) const;

  // What was due then has been looked at. Without this, the next pass looks at it too.
  void done(const Moment& then) { last_ = then; }

 private:
  std::optional<Moment> last_;
};

}  // namespace gateway::reconcile
