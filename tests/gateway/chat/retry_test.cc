#include "gateway/chat/retry.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace gateway::chat {
namespace {

using config::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Again : public testing::Test {
 protected:
  static config::Error busy(std::optional<milliseconds> retry_after = std::nullopt) {
    auto error = config::failure(ErrorCode::upstream_busy, "busy");
    error.retry_after = retry_after;
    error.same_target_may_try = true;
    return error;
  }
  std::optional<milliseconds> wait(const config::Error& error, int made = 0) {
    const auto at = again_at(error, settings_, made, now_, now_ + left_, random_);
    if (!at) return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(*at - now_);
  }

  config::Retries settings_{.at_most = 3, .base = milliseconds(100), .cap = milliseconds(1'000)};
  config::Clock::Steady now_{seconds(1'000)};
  seconds left_{600};
  std::mt19937_64 random_{42};
};

TEST_F(Again, HelpsWhereAnUpstreamRefusedOrWasNotReached) {
  EXPECT_TRUE(may_help_again(ErrorCode::upstream_unavailable, {0, false})) << "connect, reset";
  EXPECT_TRUE(may_help_again(ErrorCode::upstream_unavailable, {503, true}));
  EXPECT_TRUE(may_help_again(ErrorCode::upstream_unavailable, {200, true})) << "an error in a 200";
  EXPECT_TRUE(may_help_again(ErrorCode::upstream_busy, {429, true}));
  EXPECT_TRUE(may_help_again(ErrorCode::upstream_timeout, {408, true}));
}

TEST_F(Again, IsNotTriedWhereTheWorkMayBeDoneOrCannotSucceed) {
  EXPECT_FALSE(may_help_again(ErrorCode::upstream_unavailable, {200, false})) << "broke off";
  EXPECT_FALSE(may_help_again(ErrorCode::upstream_garbled, {200, false}));
  EXPECT_FALSE(may_help_again(ErrorCode::upstream_timeout, {0, false}));
  EXPECT_FALSE(may_help_again(ErrorCode::upstream_timeout, {504, true}));
  for (const auto code :
       {ErrorCode::upstream_denied, ErrorCode::upstream_no_credit, ErrorCode::upstream_rejected,
        ErrorCode::upstream_model_missing, ErrorCode::budget_exceeded, ErrorCode::client_left,
        ErrorCode::context_length, ErrorCode::overloaded, ErrorCode::internal}) {
    EXPECT_FALSE(may_help_again(code, {400, true})) << config::to_string(code);
  }
}

TEST_F(Again, BacksOffWithFullJitterBelowADoublingBoundAndTheCap) {
  const milliseconds bounds[] = {milliseconds(100), milliseconds(200),   milliseconds(400),
                                 milliseconds(800), milliseconds(1'000), milliseconds(1'000)};
  int made = 0;
  for (const auto bound : bounds) {
    milliseconds least = bound;
    milliseconds most{0};
    for (int i = 0; i < 1'000; ++i) {
      const auto wait = back_off(settings_, made, random_);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_LE(most, bound);
    EXPECT_GE(most, bound * 95 / 100) << "up to the bound";
    EXPECT_LE(least, bound * 5 / 100) << "and down to nothing";
    ++made;
  }
  EXPECT_EQ(back_off({.base = milliseconds(0)}, 3, random_), milliseconds(0));
  EXPECT_LE(back_off(settings_, 1'000'000, random_), settings_.cap);
}

TEST_F(Again, ComesNoSoonerThanItWasAskedFor) {
  for (int i = 0; i < 1'000; ++i) {
    const auto waited = wait(busy(milliseconds(700))).value_or(milliseconds(0));
    EXPECT_GE(waited, milliseconds(700));
    EXPECT_LE(waited, milliseconds(800));
    EXPECT_EQ(wait(busy(milliseconds(1'000))), settings_.cap);
  }
}

TEST_F(Again, ALongerWaitThanTheSettingsAllowIsNotWaited) {
  EXPECT_TRUE(wait(busy(milliseconds(1'000))));
  EXPECT_FALSE(wait(busy(milliseconds(1'001))));
  EXPECT_FALSE(wait(busy(seconds(60))));
}

TEST_F(Again, AWaitPastTheDeadlineIsNotWaited) {
  left_ = seconds(1);
  EXPECT_FALSE(wait(busy(milliseconds(1'000))));
  settings_.base = milliseconds(0);
  EXPECT_TRUE(wait(busy(milliseconds(999))));
  left_ = seconds(0);
  EXPECT_FALSE(wait(busy()));
}

TEST_F(Again, NoMoreOftenThanTheSettingsSay) {
  EXPECT_TRUE(wait(busy(), 2));
  EXPECT_FALSE(wait(busy(), 3));
  settings_.at_most = 0;
  EXPECT_FALSE(wait(busy()));
}

TEST_F(Again, NotWhereItCannotHelp) {
  auto error = busy(milliseconds(10));
  error.same_target_may_try = false;
  EXPECT_FALSE(wait(error));
}

}  // namespace
}  // namespace gateway::chat
