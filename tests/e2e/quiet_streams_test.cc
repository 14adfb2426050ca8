// What the client of a stream hears while its upstream keeps it waiting.

#include <string>

#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kSign = ": still here\n\n";

class QuietStreams : public Gateway {
 protected:
  static void SetUpTestSuite() { start_with(", sign_of_life: 100ms"); }
};

TEST_F(QuietStreams, AnUpstreamWithoutAHeadIsWaitedForInCompany) {
  const auto answer = stream("onprem/wait-350ms");
  EXPECT_THAT(answer.answer.body, StartsWith(kSign));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
}

TEST_F(QuietStreams, SoIsOneBetweenItsHeadAndItsFirstEvent) {
  const auto answer = stream("onprem/slow-first-350ms");
  EXPECT_THAT(answer.answer.body, StartsWith(kSign));
  expect_sound(answer);
}

TEST_F(QuietStreams, U58_SoIsOneInTheMiddleOfItsAnswer) {
  const auto answer = stream("onprem/slow-150ms");
  const auto sign = answer.answer.body.rfind(kSign);
  ASSERT_NE(sign, std::string::npos);
  EXPECT_LT(answer.answer.body.find("data: "), sign);
  expect_sound(answer);
}

// An upstream's own comments end with it; its client hears ours.
TEST_F(QuietStreams, U58_SoIsOneThatSendsCommentsForALongTime) {
  const auto answer = stream("openrouter/comments,slow-150ms");
  EXPECT_THAT(answer.answer.body, StartsWith(kSign));
  EXPECT_THAT(answer.answer.body, Not(HasSubstr("PROCESSING")));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
}

TEST_F(QuietStreams, SoIsAWholeAnswerThatIsStreamed) {
  const auto answer = stream("onprem/json-though-stream,slow-200ms");
  EXPECT_THAT(answer.answer.body, StartsWith(kSign));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
}

TEST_F(QuietStreams, AQuickOneHearsNothingOfIt) {
  EXPECT_THAT(stream("onprem/ok").answer.body, Not(HasSubstr(kSign)));
}

TEST_F(QuietStreams, WhoAsksForAWholeAnswerWaitsForIt) {
  const auto answer = chat("onprem/wait-350ms");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, Not(HasSubstr(kSign)));
}

// The head went out before it was decided who answers, so it names nobody.
TEST_F(QuietStreams, AnotherTargetMayStillAnswerAfterAComment) {
  const auto answer = stream("failover/wait-350ms,503");
  EXPECT_THAT(answer.answer.body, StartsWith(kSign));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_EQ(answer.answer.header("x-tollgate-provider"), "");
}

TEST_F(QuietStreams, AFailureAfterACommentIsAnEventAndNoDone) {
  const auto answer = stream("onprem/wait-350ms,503");
  EXPECT_EQ(answer.answer.status, 200);
  EXPECT_TRUE(answer.error()) << answer.answer.body;
  EXPECT_FALSE(answer.done);
}

TEST_F(QuietStreams, U58_CommentsDoNotPutOffTheLimitOfTheFirstContent) {
  const auto answer = stream("impatient/comments-only");
  EXPECT_THAT(answer.answer.body, HasSubstr(kSign));
  EXPECT_TRUE(answer.error()) << answer.answer.body;
}

}  // namespace
}  // namespace e2e
