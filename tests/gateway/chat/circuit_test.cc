#include "gateway/chat/circuit.h"

#include <chrono>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway::chat {
namespace {

using std::chrono::seconds;

class Hedged : public testing::Test {
 protected:
  Hedged() {
    target_.name = config::TargetName("a/model-*");
    target_.provider = config::ProviderName("a");
    target_.model = "model-1";
  }

  // So many requests that begin with it, each slow; how often another was asked beside it.
  int ask(int requests) {
    int hedged = 0;
    for (int i = 0; i < requests; ++i) {
      Circuit circuit(view_, target_, true, clock_);
      circuit.asked();
      hedged += may_be_hedged(view_, target_, true, clock_.now()) ? 1 : 0;
    }
    return hedged;
  }

  test::FakeClock clock_;
  upstream::CircuitBreakers breakers_;
  upstream::BreakerView view_{breakers_};
  config::Target target_;
};

TEST_F(Hedged, OneRequestInTenOfATargetThatIsAlwaysSlow) {
  EXPECT_EQ(ask(1'000), 100);
}

TEST_F(Hedged, AFewWhereRequestsAreFew) {
  EXPECT_EQ(ask(12), 10);
  clock_.advance(seconds(10));
  EXPECT_EQ(ask(1), 1);
}

TEST_F(Hedged, EachModelOfAPatternByItself) {
  EXPECT_EQ(ask(12), 10);
  target_.model = "model-2";
  EXPECT_EQ(ask(1), 1);
}

}  // namespace
}  // namespace gateway::chat
