// What somebody does to the wall's clock changes no rate, loses nothing and counts nothing
// twice.

#include <chrono>

#include <gtest/gtest.h>

#include "tests/gateway/chat/money_path.h"

namespace gateway::chat {
namespace {

using namespace std::chrono_literals;
using config::Clock;
using config::PicoUsd;
using test::Place;
using test::Process;

constexpr Clock::Wall kEndOf32Bits = std::chrono::sys_days{std::chrono::year{2038} / 1 / 19} +
                                     std::chrono::hours(3) + std::chrono::minutes(14) +
                                     std::chrono::seconds(7);

class MoneyClock : public testing::Test {
 protected:
  MoneyClock() {
    config::Limits limits;
    for (const auto window : {config::Window::total, config::Window::hour, config::Window::day,
                              config::Window::month}) {
      limits.budgets.push_back(
          {.limit = PicoUsd{1'000'000'000}, .window = window, .zone = "Europe/Berlin"});
    }
    place_.limits[{AccountKind::key, "ada"}] = limits;
    place_.limits[{AccountKind::team, "red"}].requests_per_minute = 30;
  }

  // One that begins now and ends when `meanwhile` is over.
  template <class Meanwhile>
  bool pay(Process& process, Meanwhile meanwhile) {
    const auto payers = process.limiter.payers(config::KeyName("ada"), config::TeamName("red"));
    auto slot = process.limiter.admit(payers, 10, process.now());
    if (!slot) return false;
    RequestSummary summary;
    summary.request = config::RequestId(fmt::format("{:032x}", ++requests_));
    summary.key = config::KeyName("ada");
    summary.team = config::TeamName("red");
    Meter meter(*process.sinks[0], place_.clock, std::move(summary), *std::move(slot));
    Stake stake;
    stake.reserved.amount = PicoUsd{1'000};
    const auto now = process.now();
    stake.started = now.wall;
    stake.hold = *process.limiter.hold(payers, PicoUsd{1'000}, now);
    AttemptMeter attempt(meter, target_, chat_, std::move(stake));
    EXPECT_TRUE(attempt.begin());
    attempt.written();
    meanwhile();
    providers::Usage usage;
    usage.prompt = 1;
    usage.completion = 2;
    usage.tokens = providers::Source::reported;
    attempt.ok(usage);
    return true;
  }
  bool pay(Process& process) {
    return pay(process, [] {});
  }

  Place place_;
  config::Target target_ = [] {
    config::Target target;
    target.price = config::Price{};
    target.price->input = {100};
    target.price->output = {200};
    return target;
  }();
  providers::ChatRequest chat_;
  int requests_ = 0;
};

TEST_F(MoneyClock, D13_AClockSetForwardsAndBackLosesNothingAndCountsNothingTwice) {
  const Clock::Wall start = place_.clock.wall();
  {
    Process process(place_);
    for (const Clock::Wall to : {start, start + 1h, start - 1h, start + 24h, start - 24h, start}) {
      place_.clock.set(to);
      EXPECT_TRUE(pay(process));
      // Under way while the clock is set.
      EXPECT_TRUE(pay(process, [&] { place_.clock.set(to + 1h); }));
      place_.clock.set(to);
      process.check(true);
    }
    EXPECT_TRUE(process.end());
  }
  // Later than all of it, and from the ledger alone: exact in every window.
  place_.clock.set(start + 25h);
  Process next(place_);
  next.check();
  EXPECT_TRUE(next.end());
}

TEST_F(MoneyClock, D13_TheEndOf32BitsIsASecondLikeAnyOther) {
  place_.clock.set(kEndOf32Bits - 1s);
  {
    Process process(place_);
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(pay(process));
      place_.clock.advance(1s);
    }
    process.check();
  }
  Process next(place_);
  EXPECT_TRUE(pay(next));
  next.check();
  EXPECT_TRUE(next.end());
}

TEST_F(MoneyClock, D13_RatesGoByTheSteadyClock) {
  Process process(place_);
  int admitted = 0;
  while (pay(process)) ++admitted;
  EXPECT_EQ(admitted, 30);
  for (const auto by : {1h, -1h, 24h, -24h, 24h * 365 * 12}) {
    place_.clock.set(place_.clock.wall() + by);
    EXPECT_FALSE(pay(process)) << by.count();
  }
  place_.clock.advance(2s);
  EXPECT_TRUE(pay(process));
  EXPECT_FALSE(pay(process));
  EXPECT_TRUE(process.end());
}

}  // namespace
}  // namespace gateway::chat
