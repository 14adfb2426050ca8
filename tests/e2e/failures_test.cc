// What clients see when an upstream fails, through the real gateway.

#include "tests/e2e/gateway_fixture.h"

namespace e2e {
namespace {

constexpr std::string_view kDialects[] = {"openrouter", "haimaker", "reka", "onprem"};

class Failures : public Gateway {
 protected:
  static std::string code_of(const HttpAnswer& answer) {
    const auto body = json(answer);
    const auto* error = body.is_object() ? simulator::member(body.get_object(), "error") : nullptr;
    return error ? std::string(simulator::text_of(error->as_object(), "code")) : "";
  }
};

class Failover : public Gateway {};

TEST_F(Failover, U50_TheNextTargetAnswersWhatFailsBeforeContent) {
  for (const std::string name :
       {"401", "402", "429", "500", "503", "529", "html-503", "empty-500", "reset-before-head",
        "close-before-head", "half-head", "not-http", "empty-200", "garbage", "error-200",
        "error-200-choice", "error-200-string", "error-200-no-code"}) {
    const auto answer = chat("failover/" + name);
    EXPECT_EQ(answer.status, 200) << name << " " << answer.body;
    EXPECT_EQ(answer.header("x-tollgate-provider"), "haimaker") << name;
  }
}

TEST_F(Failover, U50_AStreamThatFailsBeforeContentIsAnsweredByTheNext) {
  for (const std::string name :
       {"429", "503", "reset-before-head", "reset-after-head", "close-after-head",
        "error-first-event", "empty-stream", "comments-once", "error-200"}) {
    const auto answer = stream("failover/" + name);
    SCOPED_TRACE(name);
    expect_sound(answer);
    EXPECT_EQ(answer.text(), kHello);
  }
}

TEST_F(Failover, U29_TheClientsOwnMistakesStayWithTheFirst) {
  for (const std::string name : {"400", "413", "422"}) {
    const auto before = upstream().log.totals().requests;
    const auto answer = chat("failover/" + name);
    EXPECT_GE(answer.status, 400) << name;
    EXPECT_LT(answer.status, 500) << name;
    EXPECT_EQ(upstream().log.totals().requests, before + 1) << name;
  }
}

TEST_F(Failures, U30_OurKeysTroubleIsNeverTheClients) {
  for (const auto dialect : kDialects) {
    const auto answer = chat(std::string(dialect) + "/401");
    EXPECT_EQ(answer.status, 502) << dialect << answer.body;
  }
}

TEST_F(Failures, U32_RateLimitsCarryRetryAfter) {
  for (const auto dialect : kDialects) {
    const auto answer = chat(std::string(dialect) + "/429-retry-after");
    EXPECT_EQ(answer.status, 429) << dialect << answer.body;
    EXPECT_FALSE(answer.header("retry-after").empty()) << dialect;
  }
}

TEST_F(Failures, U33_BrokenUpstreamsAreJsonErrors) {
  for (const auto dialect : kDialects) {
    for (const std::string name : {"500", "502", "503", "529", "html-503", "empty-500", "garbage",
                                   "empty-200", "html-200", "json-cut", "json-array", "json-null",
                                   "reset-before-head", "half-head", "not-http", "cl-long"}) {
      const auto answer = chat(std::string(dialect) + "/" + name);
      EXPECT_GE(answer.status, 500) << dialect << "/" << name << " " << answer.body;
      EXPECT_EQ(answer.header("content-type").substr(0, 16), "application/json") << name;
      EXPECT_FALSE(answer.header("x-request-id").empty()) << name;
      code_of(answer);
    }
  }
}

TEST_F(Failures, U34_RedirectsAreNotFollowed) {
  const auto before = upstream().log.totals().requests;
  EXPECT_EQ(chat("openrouter/redirect-307").status, 502);
  EXPECT_EQ(chat("openrouter/redirect-302").status, 502);
  EXPECT_EQ(upstream().log.totals().requests, before + 2);
}

TEST_F(Failures, U24_ErrorsInsideHttp200AreErrors) {
  for (const std::string name :
       {"error-200", "error-200-choice", "error-200-string", "error-200-no-code"}) {
    const auto answer = chat("openrouter/" + name);
    EXPECT_GE(answer.status, 400) << name << " " << answer.body;
    EXPECT_FALSE(json(answer).at("error").at("message").as_string().empty()) << name;
  }
}

TEST_F(Failures, U28_AStreamWhereJsonWasAskedIsPutTogether) {
  for (const auto dialect : kDialects) {
    const auto plain = chat(std::string(dialect) + "/ok");
    const auto answer = chat(std::string(dialect) + "/stream-though-json");
    ASSERT_EQ(answer.status, 200) << dialect << answer.body;
    const auto message = [](const HttpAnswer& from) {
      return json(from).at("choices").at(0).at("message").at("content");
    };
    EXPECT_EQ(message(answer), message(plain)) << dialect;
    EXPECT_EQ(json(answer).at("object"), "chat.completion");
    EXPECT_EQ(json(answer).at("choices").at(0).at("finish_reason"), "stop");
    // Some count only in streams that were asked to; those are estimated.
    EXPECT_GT(json(answer).at("usage").at("completion_tokens").as_int64(), 7) << dialect;
  }
}

TEST_F(Failures, U28_JsonWhereAStreamWasAskedIsStreamed) {
  for (const auto dialect : kDialects) {
    const auto answer = stream(std::string(dialect) + "/json-though-stream");
    ASSERT_EQ(answer.answer.status, 200) << dialect << answer.answer.body;
    EXPECT_TRUE(answer.done) << dialect;
    EXPECT_TRUE(answer.text().starts_with("You said")) << answer.answer.body;
  }
}

// The break comes after a pause, so that what was said before it has been relayed.
constexpr std::string_view kPace = ",slow-100ms";

TEST_F(Failures, U52_AStreamCutAfterContentEndsInAnErrorEventAndNoDone) {
  for (const auto dialect : kDialects) {
    for (const std::string name :
         {"reset-after-2", "close-after-2", "close-mid-event", "end-no-finish"}) {
      SCOPED_TRACE(std::string(dialect) + "/" + name);
      const auto answer = stream(std::string(dialect) + "/" + name + std::string(kPace));
      EXPECT_EQ(answer.answer.status, 200);
      EXPECT_FALSE(answer.done);
      EXPECT_TRUE(answer.text().starts_with("You")) << answer.answer.body;
      ASSERT_TRUE(answer.error()) << answer.answer.body;
      EXPECT_FALSE(answer.error()->at("message").as_string().empty());
      EXPECT_EQ(answer.finish(), "");
    }
  }
}

TEST_F(Failures, U54_E14_AnErrorEventAfterContentIsRelayedOnceAndEndsTheStream) {
  for (const auto dialect : kDialects) {
    for (const std::string name :
         {"error-mid-stream", "error-mid-int", "error-mid-server-error", "error-mid-bare",
          "error-mid-string", "error-mid-litellm", "error-mid-named", "error-mid-raw"}) {
      SCOPED_TRACE(std::string(dialect) + "/" + name);
      const auto answer = stream(std::string(dialect) + "/" + name + std::string(kPace));
      EXPECT_EQ(answer.text(), "You said:");
      EXPECT_TRUE(answer.error()) << answer.answer.body;
      EXPECT_FALSE(answer.done);
    }
  }
}

TEST_F(Failures, U40_FieldsOfTheUpstreamStayThere) {
  for (const std::string_view more : {"", R"(,"stream":true)"}) {
    const auto answer = chat("openrouter/hop-fields", more);
    ASSERT_EQ(answer.status, 200);
    for (const std::string_view name :
         {"set-cookie", "authorization", "x-api-key", "location", "x-hop", "server"})
      EXPECT_EQ(answer.header(name), "") << name;
  }
}

class Oddities : public Gateway {};

TEST_F(Oddities, U19_U20_U21_AnyFramingOfAnAnswerIsRead) {
  for (const auto dialect : kDialects) {
    for (const std::string name :
         {"ok", "chunked-json", "chunked-1byte", "chunk-ext", "trailers", "http10", "eof-delimited",
          "connection-close", "100-first", "103-first", "padded-json", "octet-stream",
          "wrong-content-type", "no-content-type", "bytewise", "extra-bytes"}) {
      SCOPED_TRACE(std::string(dialect) + "/" + name);
      const auto answer = chat(std::string(dialect) + "/" + name);
      ASSERT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(json(answer).at("choices").at(0).at("message").at("content").as_string(),
                js::string(kHello));
    }
  }
}

TEST_F(Oddities, U19_U20_U21_AnyFramingOfAStreamIsRead) {
  for (const auto dialect : kDialects) {
    for (const std::string name : {"ok",
                                   "chunked-1byte",
                                   "chunk-ext",
                                   "trailers",
                                   "http10",
                                   "eof-delimited",
                                   "connection-close",
                                   "100-first",
                                   "bytewise",
                                   "segments-3",
                                   "one-segment",
                                   "multibyte-cut",
                                   "sse-crlf",
                                   "sse-cr",
                                   "sse-mixed",
                                   "sse-bom",
                                   "sse-split-data",
                                   "sse-no-space",
                                   "sse-fields",
                                   "sse-unterminated",
                                   "comments",
                                   "cut-no-done",
                                   "done-twice",
                                   "data-after-done",
                                   "usage-after-done",
                                   "json-though-stream",
                                   "slow-1ms",
                                   "role-once",
                                   "no-object",
                                   "no-id",
                                   "no-created",
                                   "dated-model",
                                   "finish-eos"}) {
      SCOPED_TRACE(std::string(dialect) + "/" + name);
      const auto answer = stream(std::string(dialect) + "/" + name);
      expect_sound(answer);
      EXPECT_EQ(answer.text(), kHello);
      EXPECT_EQ(answer.finish(), "stop");
    }
  }
}

TEST_F(Oddities, E12_UsageIsFoundWhereverItIs) {
  for (const auto dialect : kDialects) {
    for (const std::string name :
         {"usage-on-finish", "usage-extra-chunk", "usage-empty-delta", "usage-twice",
          "usage-every-chunk", "usage-no-total", "usage-input-output", "usage-after-done"}) {
      SCOPED_TRACE(std::string(dialect) + "/" + name);
      const auto answer =
          stream(std::string(dialect) + "/" + name, R"(,"stream_options":{"include_usage":true})");
      expect_sound(answer);
      ASSERT_TRUE(answer.usage());
      EXPECT_EQ(answer.usage()->at("prompt_tokens").as_int64(), 1);
      EXPECT_EQ(answer.usage()->at("completion_tokens").as_int64(), 8);
    }
  }
}

TEST_F(Oddities, E22_FullTextChunksBecomeDeltas) {
  for (const std::string name : {"ok", "native-delta", "native-half-character", "native-done"}) {
    SCOPED_TRACE(name);
    const auto answer = stream("native/" + name);
    expect_sound(answer);
    EXPECT_EQ(answer.text(), " " + std::string(kHello));
  }
}

TEST_F(Oddities, U16_WhatFollowsAnAnswerNeverReachesTheNextRequest) {
  for (int turn = 0; turn < 10; ++turn) {
    EXPECT_EQ(chat("onprem/extra-bytes").status, 200);
    EXPECT_EQ(json(chat("onprem/ok")).at("choices").at(0).at("message").at("content").as_string(),
              js::string(kHello));
  }
}

TEST_F(Oddities, U16_WhatComesLateNeverPassesForAnAnswer) {
  // It may meet the next request on its way: that one then fails, and says so.
  for (int turn = 0; turn < 40; ++turn) {
    const auto answer = chat(turn % 2 == 0 ? "onprem/extra-bytes-late" : "onprem/ok");
    EXPECT_TRUE(answer.status == 200 || answer.status == 502) << answer.status;
    EXPECT_EQ(answer.body.find("POISONED"), std::string::npos);
    if (answer.status == 200) EXPECT_NE(answer.body.find("You said: hello"), std::string::npos);
  }
}

TEST_F(Oddities, U08_AStaleConnectionIsReplacedUnseen) {
  EXPECT_EQ(chat("onprem/close-idle").status, 200);
  // Not the one whose answers others have spoilt: it may rest.
  EXPECT_EQ(chat("onprem/words-30").status, 200);
}

}  // namespace
}  // namespace e2e
