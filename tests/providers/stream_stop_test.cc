// A stream that we end before its upstream does, in each dialect.

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/registry.h"

namespace providers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOpenAi =
    R"({"id":"up-1","object":"chat.completion.chunk","created":7,"model":"u","choices":[)"
    R"({"index":0,"delta":{"role":"assistant","content":"One two"},"finish_reason":null}]})";
constexpr std::string_view kNative =
    R"({"id":"up-1","model":"u","responses":[{"finish_reason":null,)"
    R"("message":{"role":"assistant","content":"One two "}}],"usage":null})";

struct Dialogue {
  Dialogue(const std::string& kind, std::string_view more) {
    target.kind = kind;
    target.model = kind == "reka_research" ? "reka-flash-research" : "u";
    target.quoted_model = "\"" + target.model + "\"";
    target.can = *find_adapter(kind)->capabilities(target);
    bytes = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Count."}])" +
            std::string(more) + "}";
    bytes.reserve(bytes.size() + 64);
    chat = *read_chat_request(json, Operation::chat, bytes);
    chat.answer_id = "chatcmpl-1";
    decoder = find_adapter(kind)->open_stream(call, head);
  }

  // What the client gets: the upstream's first event, and then our end.
  std::string stopped() {
    Body out;
    const std::string_view data = target.kind == "reka_chat" ? kNative : kOpenAi;
    EXPECT_TRUE(decoder->decode(SseEvent{{}, data}, out));
    EXPECT_FALSE(out.empty());
    before = out.str();
    Body end;
    decoder->stop("budget", end);
    decoder->end(end);
    return end.str();
  }

  std::string bytes;
  JsonWorkspace json;
  config::Target target;
  ChatRequest chat;
  AnswerHead head{200, {}};
  Call call{chat, target, json};
  std::unique_ptr<StreamDecoder> decoder;
  std::string before;
};

class StreamStop : public testing::TestWithParam<std::string> {};

TEST_P(StreamStop, EveryChoiceFinishesWithLengthAndTheReason) {
  Dialogue dialogue(GetParam(), "");
  const auto end = dialogue.stopped();
  EXPECT_THAT(dialogue.before, HasSubstr("One two"));
  EXPECT_THAT(end, HasSubstr(R"("finish_reason":"length")"));
  EXPECT_THAT(end, HasSubstr(R"("tollgate":{"stopped":"budget"})"));
  EXPECT_THAT(end, Not(HasSubstr("usage")));
  EXPECT_THAT(end, EndsWith("}\n\ndata: [DONE]\n\n"));
  EXPECT_TRUE(dialogue.decoder->done());
}

TEST_P(StreamStop, UsageIsEstimatedAndToldWhereItWasAskedFor) {
  Dialogue dialogue(GetParam(), R"(,"stream_options":{"include_usage":true})");
  const auto end = dialogue.stopped();
  EXPECT_THAT(end, HasSubstr(R"("choices":[],"usage":{"prompt_tokens":)"));
  EXPECT_EQ(dialogue.decoder->usage().tokens, Source::estimated);
  EXPECT_GT(dialogue.decoder->usage().completion.value_or(0), 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StreamStop,
                         testing::Values("openai", "openrouter", "haimaker", "reka", "reka_chat",
                                         "reka_research"));

}  // namespace
}  // namespace providers
