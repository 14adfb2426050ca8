#include "gateway/upstream/retry_budget.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Budget : public testing::Test {
 protected:
  // `requests` that fail, each once more where it may; how often one did.
  int fail(int requests, milliseconds between = milliseconds(0)) {
    int repeated = 0;
    for (int i = 0; i < requests; ++i) {
      budget_.asked(now_);
      repeated += budget_.take(now_, share_) ? 1 : 0;
      now_ += between;
    }
    return repeated;
  }

  RetryBudget::Share share_{.percent = 20, .per_second = 1};
  RetryBudget::Now now_{seconds(1'000)};
  RetryBudget budget_;
};

TEST_F(Budget, O15_OfATargetThatFailsOneRequestInFiveIsRepeated) {
  EXPECT_EQ(fail(1'000), 200);
  EXPECT_EQ(budget_.taken(), 200U);
  EXPECT_EQ(budget_.refused(), 800U);
}

TEST_F(Budget, O15_ForMinutesToo) {
  EXPECT_LE(fail(30'000, milliseconds(10)), 6'000);
  EXPECT_GE(budget_.taken(), 5'900U);
}

TEST_F(Budget, AFewASecondMayWhereRequestsAreFew) {
  EXPECT_EQ(fail(10, seconds(1)), 10);
  EXPECT_EQ(fail(20), 10) << "no more of them, however soon they come";
  now_ += RetryBudget::kWindow;
  EXPECT_EQ(fail(1), 1);
}

TEST_F(Budget, RequestsThatWorkCountFromTheFirstFailureOn) {
  share_.per_second = 0;
  for (int i = 0; i < 100; ++i) budget_.asked(now_);
  EXPECT_FALSE(budget_.take(now_, share_)) << "a target without failures is not counted";
  for (int i = 0; i < 100; ++i) budget_.asked(now_);
  EXPECT_EQ(fail(1), 1);
}

TEST_F(Budget, NothingIsRepeatedWhereNothingMay) {
  share_.percent = 0;
  share_.per_second = 0;
  EXPECT_EQ(fail(1'000), 0);
}

TEST_F(Budget, ALongWayPastWhatItCanCountItHolds) {
  share_.percent = 100;
  share_.per_second = 1'000;
  EXPECT_EQ(fail(1'100'000), (1 << 20) - 1);
}

TEST_F(Budget, HoldsForAllWorkersTogether) {
  constexpr int kEach = 20'000;
  std::atomic<int> repeated{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        budget_.asked(now_);
        repeated += budget_.take(now_, share_) ? 1 : 0;
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_LE(repeated, 4 * kEach / 5);
  EXPECT_GE(repeated, 4 * kEach / 5 - 4);
}

}  // namespace
}  // namespace gateway::upstream
