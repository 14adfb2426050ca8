// A stream that breaks off in the middle is gone on with by the next target, and its client sees
// one stream, to the character.

#include <chrono>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/rescue_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class Rescue : public RescueFixture {};

// How the answer of a route's first target begins.
std::string hello_of(std::string_view dialect) {
  return (dialect == "native" ? " " : "") + std::string(kHello);
}

TEST_F(Rescue, U52_EveryDialectGoesOnWithEveryOther) {
  for (const auto dialect : kRescueDialects) {
    for (int pieces = 1; pieces <= 7; ++pieces) {
      const std::string fault = fresh(fmt::format("close-after-{}", pieces));
      SCOPED_TRACE(fmt::format("{} {}", dialect, fault));
      const auto from = stream(fmt::format("{}-to-haimaker/{}", dialect, fault));
      expect_sound(from);
      EXPECT_EQ(from.text(), hello_of(dialect));
      EXPECT_EQ(from.finish(), "stop");
      EXPECT_THAT(from.answer.body, HasSubstr(": rescued by haimaker/mock/ok\n\n"));
      const auto to = stream(fmt::format("onprem-to-{}/{}", dialect, fault));
      expect_sound(to);
      EXPECT_EQ(to.text(), kHello);
      EXPECT_EQ(to.finish(), "stop");
      EXPECT_THAT(to.answer.body, HasSubstr(": rescued by "));
    }
  }
}

TEST_F(Rescue, U52_OrAnswersAnewWhereTheRouteSaysSo) {
  for (const auto dialect : kRescueDialects) {
    for (int pieces = 1; pieces <= 7; ++pieces) {
      SCOPED_TRACE(fmt::format("{} {}", dialect, pieces));
      const auto answer =
          stream(fmt::format("{}-anew/{}", dialect, fresh(fmt::format("close-after-{}", pieces))));
      expect_sound(answer);
      EXPECT_EQ(answer.text(), hello_of(dialect));
      EXPECT_EQ(answer.finish(), "stop");
      EXPECT_THAT(answer.answer.body, HasSubstr(": rescued by haimaker/mock/ok\n\n"));
      EXPECT_EQ(sent().at("messages").as_array().size(), 1U) << "the client's request, as it was";
    }
  }
}

// In the framing, in an event, in a character, before the first content and behind the last.
TEST_F(Rescue, U52_WhereverTheBytesAreCut) {
  for (const auto dialect : kRescueDialects) {
    for (const std::string_view route : {"to-haimaker", "anew"}) {
      bool whole = false;
      int rescued = 0;
      for (int size = 1; !whole; size += 53) {
        SCOPED_TRACE(fmt::format("{} {} {}", dialect, route, size));
        const auto answer = stream(
            fmt::format("{}-{}/{}", dialect, route, fresh(fmt::format("close-at-{}", size))));
        if (answer.answer.body.find(": rescued by") != std::string::npos) ++rescued;
        if (answer.error()) {
          // Broken behind its finish: nothing is missing but the word that all is well.
          EXPECT_EQ(answer.finish(), "stop");
          EXPECT_FALSE(answer.done);
        } else {
          expect_sound(answer);
        }
        EXPECT_THAT(answer.text(), testing::AnyOf(hello_of(dialect), std::string(kHello)));
        whole = last_upstream().ended == simulator::Ended::complete &&
                last_upstream().model == "mock" && !last_upstream().faults.empty() &&
                last_upstream().faults[0] != "ok";
        if (size > 6'000) FAIL() << "it was never whole";
      }
      EXPECT_GT(rescued, 5) << dialect;
    }
  }
}

TEST_F(Rescue, U52_AResetIsGoneOnWith) {
  for (int pieces = 2; pieces <= 7; ++pieces) {
    SCOPED_TRACE(pieces);
    const auto answer = stream(fmt::format("onprem-to-haimaker/reset-after-{},slow-10ms", pieces));
    expect_sound(answer);
    EXPECT_EQ(answer.text(), kHello);
    EXPECT_THAT(answer.answer.body, HasSubstr(": rescued by "));
  }
}

TEST_F(Rescue, U53_AStallIsGoneOnWithAtTheIdleLimit) {
  const auto answer = stream("impatient-to/stall-after-3");
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_TRUE(rescues_become("impatient-to", "ok", 1));
}

TEST_F(Rescue, U54_SoIsAnErrorEvent) {
  for (const auto dialect : kRescueDialects) {
    for (const std::string_view fault : {"error-mid-stream", "error-mid-named", "end-no-finish"}) {
      SCOPED_TRACE(fmt::format("{} {}", dialect, fault));
      const auto answer = stream(fmt::format("{}-to-haimaker/{},slow-10ms", dialect, fault));
      expect_sound(answer);
      EXPECT_EQ(answer.text(), hello_of(dialect));
      EXPECT_FALSE(answer.error());
    }
  }
}

TEST_F(Rescue, OneThatRepeatsOrTrimsIsExactAllTheSame) {
  for (const auto dialect : kRescueDialects) {
    for (const std::string_view how : {"repeat", "trim"}) {
      for (int pieces = 1; pieces <= 7; ++pieces) {
        SCOPED_TRACE(fmt::format("{} {} {}", dialect, how, pieces));
        const auto answer = stream(
            fmt::format("to-{}-{}/{}", dialect, how, fresh(fmt::format("close-after-{}", pieces))));
        expect_sound(answer);
        EXPECT_EQ(answer.text(), kHello);
        EXPECT_EQ(answer.finish(), "stop");
      }
    }
  }
}

TEST_F(Rescue, OneThatIgnoresWhatItWasGivenEndsInAnError) {
  for (const auto dialect : kRescueDialects) {
    for (const std::string_view how : {"ignore", "other"}) {
      for (int pieces = 3; pieces <= 7; ++pieces) {
        SCOPED_TRACE(fmt::format("{} {} {}", dialect, how, pieces));
        const std::string route = fmt::format("to-{}-{}", dialect, how);
        const auto before = rescues(route, "no_fit");
        const auto answer =
            stream(fmt::format("{}/{}", route, fresh(fmt::format("close-after-{}", pieces))));
        expect_broken(answer);
        EXPECT_TRUE(kHello.starts_with(answer.text())) << answer.text();
        EXPECT_THAT(answer.answer.body, Not(HasSubstr("rescued")));
        EXPECT_TRUE(rescues_become(route, "no_fit", before + 1));
      }
    }
  }
}

TEST_F(Rescue, TheNextIsGivenWhatWasDeliveredButForItsLastWord) {
  stream("onprem-to-haimaker/" + fresh("close-after-4"), R"(,"max_tokens":50)");
  const auto body = sent();
  const auto& messages = body.at("messages").as_array();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].at("role").as_string(), "user") << "no system prompt is invented";
  EXPECT_EQ(messages[1].at("role").as_string(), "assistant");
  EXPECT_EQ(messages[1].at("content").as_string(), "You said:");
  EXPECT_LT(body.at("max_tokens").as_int64(), 50);
  EXPECT_GT(body.at("max_tokens").as_int64(), 40);
}

TEST_F(Rescue, AnswersThatItsLimitCutsAreCutAtTheSamePlaceOrThereabouts) {
  const auto answer = stream("onprem-to-haimaker/" + fresh("close-after-4"), R"(,"max_tokens":7)");
  expect_sound(answer);
  EXPECT_EQ(answer.finish(), "length");
  EXPECT_TRUE(kHello.starts_with(answer.text())) << answer.text();
}

TEST_F(Rescue, BehindTheClientsOwnWordsWhereItPutSomeInItsMouth) {
  const auto answer =
      taken_apart(post("/v1/chat/completions",
                       fmt::format(R"({{"model":"onprem-to-haimaker/{}","stream":true,"messages":[)"
                                   R"({{"role":"user","content":"hello"}},)"
                                   R"({{"role":"assistant","content":"You said:"}}]}})",
                                   fresh("close-after-3"))));
  expect_sound(answer);
  EXPECT_THAT(answer.answer.body, HasSubstr(": rescued by "));
  EXPECT_EQ(sent().at("messages").as_array().size(), 2U);
  EXPECT_EQ(answer.text(), kHello.substr(std::string_view("You said:").size()));
}

TEST_F(Rescue, BothLegsAreRecordedAndPaidForAndTheClientSeesOneUsage) {
  const auto cost = metric("tollgate_cost_usd_total", {R"(model="onprem-to-haimaker/*")"});
  const auto truncated = attempts("onprem-to-haimaker", "truncated");
  const auto ok = attempts("onprem-to-haimaker", "ok");
  const auto rescued = rescues("onprem-to-haimaker", "ok");
  const auto answer = stream("onprem-to-haimaker/" + fresh("close-after-4"),
                             R"(,"stream_options":{"include_usage":true})");
  expect_sound(answer);
  EXPECT_EQ(attempts("onprem-to-haimaker", "truncated"), truncated + 1);
  EXPECT_EQ(attempts("onprem-to-haimaker", "ok"), ok + 1);
  EXPECT_TRUE(rescues_become("onprem-to-haimaker", "ok", rescued + 1));
  const auto told = answer.usage();
  ASSERT_TRUE(told);
  const auto& usage = told->as_object();
  // Eight words to the simulator, and more tokens to the one who counts what broke off.
  EXPECT_GE(usage.at("completion_tokens").as_int64(), 8);
  EXPECT_LE(usage.at("completion_tokens").as_int64(), 14);
  const auto spent = metric("tollgate_cost_usd_total", {R"(model="onprem-to-haimaker/*")"}) - cost;
  EXPECT_NEAR(usage.at("cost").to_number<double>(), spent, 1e-12);
  EXPECT_EQ(usage.at("total_tokens").as_int64(),
            usage.at("prompt_tokens").as_int64() + usage.at("completion_tokens").as_int64());
}

TEST_F(Rescue, WhatTheNextOneThinksIsNotShown) {
  const auto answer = stream("to-thinking/" + fresh("close-after-4"));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_EQ(answer.text("reasoning"), "");
  EXPECT_EQ(answer.text("reasoning_content"), "");
}

TEST_F(Rescue, AWholeAnswerGoesOnToo) {
  const auto answer = stream("to-whole/" + fresh("close-after-4"));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
}

TEST_F(Rescue, OneThatBreaksOffAgainIsGoneOnWithOnceMore) {
  const auto answer = stream("twice/" + fresh("close-after-2"));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_EQ(attempts("twice", "truncated"), 2);
  EXPECT_EQ(attempts("twice", "ok"), 1);
  EXPECT_TRUE(rescues_become("twice", "ok", 1));
}

TEST_F(Rescue, ButNotAThirdTime) {
  const auto before = asked();
  const auto answer = stream("thrice/" + fresh("close-after-2"));
  expect_broken(answer);
  EXPECT_TRUE(kHello.starts_with(answer.text())) << answer.text();
  EXPECT_EQ(asked(), before + 3);
  EXPECT_TRUE(rescues_become("thrice", "broke", 1));
}

TEST_F(Rescue, ANextOneThatFailsIsFollowedByTheOneBehindIt) {
  const auto answer = stream("to-failing/" + fresh("close-after-3"));
  expect_sound(answer);
  EXPECT_EQ(answer.text(), kHello);
  EXPECT_EQ(attempts("to-failing", "failed"), 1);
}

TEST_F(Rescue, OnlyThoseThatCanAreAsked) {
  const auto answer = stream("passed-over/" + fresh("close-after-3"));
  expect_sound(answer);
  EXPECT_THAT(answer.answer.body, HasSubstr(": rescued by reka/mock/ok\n\n"));
}

}  // namespace
}  // namespace e2e
