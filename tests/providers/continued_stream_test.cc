#include "providers/continued_stream.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace providers {
namespace {

constexpr std::string_view kTail =
    R"(,"object":"chat.completion.chunk","created":7,"model":"m","choices":[)";

std::string chunk(std::string_view delta, std::string_view finish = "null",
                  std::string_view id = R"("b")", std::string_view created = "7") {
  return "data: {\"id\":" + std::string(id) + R"(,"object":"chat.completion.chunk","created":)" +
         std::string(created) + R"(,"model":"m","choices":[{"index":0,"delta":)" +
         std::string(delta) + R"(,"logprobs":null,"finish_reason":)" + std::string(finish) +
         "}]}\n\n";
}

// The same as the client gets it.
std::string ours(std::string_view delta, std::string_view finish = "null") {
  return chunk(delta, finish, R"("a")", "5");
}

class ContinuedStreams : public testing::Test {
 protected:
  ContinuedStreams() {
    begun_.frame = {R"("a")", "5"};
    begun_.content = "The capital of France";
    begun_.usage.prompt = 10;
    begun_.usage.completion = 4;
    begun_.usage.tokens = Source::estimated;
    target_.tokenizer = config::Tokenizer::cl100k_base;
    target_.price = config::Price{};
    target_.price->output = config::PicoUsdPerToken{10};
  }

  // Of these events, all at once; "refused" where they do not fit.
  std::string of(std::string_view events, bool stopped = false) {
    ContinuedStream stream(begun_, given_of(begun_.content), target_, spent_);
    std::string out;
    const auto taken = stream.take(events, usage_, stopped, out);
    usage_of_all_ = stream.usage(usage_);
    return taken ? out : "refused" + out;
  }

  BegunStream begun_;
  Cost spent_{config::PicoUsd{100}, Source::estimated};
  config::Target target_;
  Usage usage_;
  Usage usage_of_all_;
};

TEST_F(ContinuedStreams, GoesOnUnderTheSameNameWithoutASecondRole) {
  EXPECT_EQ(of(chunk(R"({"role":"assistant","content":""})") + chunk(R"({"content":" France"})") +
               chunk(R"({"content":" is"})") + chunk("{}", R"("stop")") + "data: [DONE]\n\n"),
            ours(R"({"content":" is"})") + ours("{}", R"("stop")") + "data: [DONE]\n\n");
}

TEST_F(ContinuedStreams, WhatItThinksIsNotShownAgain) {
  EXPECT_EQ(of(chunk(R"({"role":"assistant","reasoning_content":"Hm."})") +
               chunk(R"({"reasoning":"Hm.","reasoning_details":[{"index":0}]})") +
               chunk(R"({"content":"France is"})")),
            ours(R"({"content":" is"})"));
}

TEST_F(ContinuedStreams, WhatRepeatsOrTrimsIsTheSame) {
  EXPECT_EQ(of(chunk(R"({"content":"The cap"})") + chunk(R"({"content":"ital of France is"})")),
            ours(R"({"content":" is"})"));
  EXPECT_EQ(of(chunk(R"({"content":"France is"})")), ours(R"({"content":" is"})"));
}

TEST_F(ContinuedStreams, WhatDoesNotFitNeverComesOut) {
  EXPECT_EQ(of(chunk(R"({"content":"Paris is"})")), "refused");
  EXPECT_EQ(of(chunk(R"({"content":"The capital of"})") + chunk("{}", R"("stop")")), "refused");
  EXPECT_EQ(of(chunk(R"({"tool_calls":[{"index":0}]})")), "refused");
  EXPECT_EQ(of(chunk(R"({"refusal":"I will not."})")), "refused");
}

TEST_F(ContinuedStreams, AToolMayBeCalledBehindTheSeam) {
  EXPECT_EQ(
      of(chunk(R"({"content":" France."})") + chunk(R"({"tool_calls":[{"index":0,"id":"c"}]})")),
      ours(R"({"content":"."})") + ours(R"({"tool_calls":[{"index":0,"id":"c"}]})"));
}

TEST_F(ContinuedStreams, OneThatEndsWithTheProofHasNothingToAdd) {
  EXPECT_EQ(of(chunk(R"({"content":" France"})", R"("stop")")), ours("{}", R"("stop")"));
}

TEST_F(ContinuedStreams, OneThatWeStopEndsInOrder) {
  EXPECT_EQ(of(chunk(R"({"content":" Fr"})") + chunk("{}", R"("length")"), true),
            ours("{}", R"("length")"));
}

TEST_F(ContinuedStreams, OneUsageForAllOfIt) {
  usage_.prompt = 14;
  usage_.completion = 6;  // " France is Paris, my dear": one of them was delivered before
  usage_.tokens = Source::reported;
  const std::string events =
      chunk(R"({"content":" France is"})") + "data: {\"id\":\"b\"" + std::string(kTail) +
      R"(],"usage":{"prompt_tokens":14,"completion_tokens":6,"total_tokens":20}})" + "\n\n";
  EXPECT_EQ(of(events),
            ours(R"({"content":" is"})") +
                R"(data: {"id":"a","object":"chat.completion.chunk","created":5,"model":"m",)"
                R"("choices":[],"usage":{"prompt_tokens":10,"completion_tokens":9,)"
                R"("total_tokens":19,"cost":0.00000000016,"cost_source":"estimated",)"
                R"("source":"estimated"}})" +
                "\n\n");
  EXPECT_EQ(usage_of_all_.prompt, 10);
  EXPECT_EQ(usage_of_all_.completion, 9);
}

TEST_F(ContinuedStreams, AnySplitOfItsEventsGivesTheSameText) {
  begun_.content = "Grüße aus 世界 🦊 und";
  const std::string rest = " 世界 🦊 und weiter, naïve café.";
  for (std::size_t cut = 0; cut <= rest.size(); ++cut) {
    if (cut < rest.size() && (static_cast<unsigned char>(rest[cut]) & 0xC0U) == 0x80U) continue;
    ContinuedStream stream(begun_, begun_.content.find(" 世界"), target_, spent_);
    std::string out;
    for (const std::string& piece : {rest.substr(0, cut), rest.substr(cut)}) {
      EXPECT_TRUE(stream.take(chunk(R"({"content":")" + piece + "\"}"), usage_, false, out));
    }
    EXPECT_EQ(begun_.content + stream.content(), "Grüße aus 世界 🦊 und weiter, naïve café.")
        << cut;
  }
}

}  // namespace
}  // namespace providers
