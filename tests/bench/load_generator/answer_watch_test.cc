#include "tests/bench/load_generator/answer_watch.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tests/bench/mock_upstream/answers.h"

namespace bench {
namespace {

using State = AnswerWatch::State;

constexpr ModelDigits kModel{'0', '4', '1', '7'};

// Seven events: the role, three contents, finish reason, usage and [DONE].
std::string stream_of_three() {
  StreamParts parts = stream_parts();
  std::string all(parts.opening.about(kModel));
  for (int i = 0; i < 2; ++i) all += parts.event.about(kModel);
  all += parts.closing.about(kModel);
  return all;
}

TEST(AnswerWatch, CountsTheBytesOfAWholeAnswer) {
  AnswerWatch watch;
  watch.begin(false);
  Answer answer = whole_answer(1024);
  EXPECT_EQ(watch.take(answer.about(kModel), 5), State::ended);
  EXPECT_EQ(watch.status(), 200);
  EXPECT_EQ(watch.body_bytes(), 1024U);
}

TEST(AnswerWatch, AnySplitOfAStreamCountsTheSame) {
  const std::string all = stream_of_three();
  for (std::size_t size = 1; size < all.size(); ++size) {
    AnswerWatch watch;
    watch.begin(true);
    State state = State::waits;
    for (std::size_t at = 0; at < all.size(); at += size) {
      ASSERT_EQ(state, State::waits);
      state = watch.take(std::string_view(all).substr(at, size), 7);
    }
    EXPECT_EQ(state, State::ended) << size;
    EXPECT_EQ(watch.events(), 7U) << size;
    EXPECT_EQ(watch.first_content(), 7) << size;
  }
}

TEST(AnswerWatch, TheRoleAloneIsNoContent) {
  const std::string all = stream_of_three();
  const std::size_t content = all.find("\"content\":\" Paris");
  AnswerWatch watch;
  watch.begin(true);
  EXPECT_EQ(watch.take(std::string_view(all).substr(0, content), 1), State::waits);
  EXPECT_EQ(watch.events(), 1U);
  EXPECT_EQ(watch.first_content(), kNever);
  watch.take(std::string_view(all).substr(content, 20), 2);
  EXPECT_EQ(watch.first_content(), 2);
}

TEST(AnswerWatch, AnswersFollowEachOtherOnOneConnection) {
  AnswerWatch watch;
  Answer answer = whole_answer(300);
  for (int i = 0; i < 3; ++i) {
    watch.begin(false);
    EXPECT_EQ(watch.take(answer.about(kModel), 1), State::ended);
  }
}

TEST(AnswerWatch, MoreThanAnAnswerIsWrong) {
  AnswerWatch watch;
  watch.begin(false);
  Answer answer = whole_answer(300);
  EXPECT_EQ(watch.take(std::string(answer.about(kModel)) + "x", 1), State::malformed);
}

TEST(AnswerWatch, NoHttpIsWrong) {
  AnswerWatch watch;
  watch.begin(false);
  EXPECT_EQ(watch.take("hello\r\n\r\n", 1), State::malformed);
}

}  // namespace
}  // namespace bench
