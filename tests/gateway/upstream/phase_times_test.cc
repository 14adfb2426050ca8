#include "gateway/upstream/phase_times.h"

#include <chrono>

#include <gtest/gtest.h>

namespace gateway::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PhaseTimes, APhaseLastsUntilTheNextBegins) {
  PhaseTimes::Now now{seconds(1'000)};
  PhaseTimes times;
  EXPECT_FALSE(times.current());
  EXPECT_FALSE(times.of(Phase::connect, now));
  times.enter(Phase::connect, now);
  now += milliseconds(7);
  EXPECT_EQ(times.of(Phase::connect, now), milliseconds(7)) << "under way";
  times.enter(Phase::send, now);
  now += milliseconds(5);
  EXPECT_EQ(times.of(Phase::connect, now), milliseconds(7));
  EXPECT_EQ(times.of(Phase::send, now), milliseconds(5));
  EXPECT_EQ(times.current(), Phase::send);
  EXPECT_FALSE(times.of(Phase::tls, now)) << "it was not needed";
}

TEST(PhaseTimes, APhaseThatIsBegunAgainGoesOn) {
  PhaseTimes::Now now{seconds(1'000)};
  PhaseTimes times;
  times.enter(Phase::send, now);  // on a connection that turns out to be stale
  times.enter(Phase::connect, now + milliseconds(2));
  times.enter(Phase::send, now + milliseconds(10));
  EXPECT_EQ(times.of(Phase::send, now + milliseconds(13)), milliseconds(5));
  EXPECT_EQ(times.of(Phase::connect, now + milliseconds(13)), milliseconds(8));
}

}  // namespace
}  // namespace gateway::upstream
