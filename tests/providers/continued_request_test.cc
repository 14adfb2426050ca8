#include "providers/continued_request.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "providers/wire/json_workspace.h"

namespace providers {
namespace {

struct Made {
  JsonWorkspace json;
  simdjson::padded_string bytes;
  ChatRequest chat;

  explicit Made(std::string_view body) : bytes(body) {
    auto read = read_chat_request(json, Operation::chat, bytes);
    EXPECT_TRUE(read) << read.error().message;
    chat = *std::move(read);
    chat.answer_id = "chatcmpl-1";
    chat.created = 1790000000;
  }
  std::string then(std::string_view given, std::int64_t fewer = 0, std::int64_t least = 1) {
    const auto next = continued(json, chat, given, fewer, least);
    if (!next) return "refused: " + next.error().detail;
    EXPECT_TRUE((*next)->chat.wants.prefill);
    EXPECT_EQ((*next)->chat.answer_id, "chatcmpl-1");
    EXPECT_EQ((*next)->chat.created, 1790000000);
    EXPECT_EQ((*next)->chat.bytes.data(), (*next)->bytes.data());
    return (*next)->bytes;
  }
};

TEST(ContinuedRequest, TheAssistantsWordsStandBehindTheMessages) {
  Made made(
      R"({ "model":"m", "messages":[{"role":"user","content":"hi"} ], "x":1e400,"stream":true})");
  EXPECT_EQ(
      made.then("He said: \"naïve\"\n"),
      R"({ "model":"m", "messages":[{"role":"user","content":"hi"} ,{"role":"assistant","content":"He said: \"naïve\"\n"}], "x":1e400,"stream":true})");
}

TEST(ContinuedRequest, BehindTheClientsOwnWhereItPutSomeInItsMouth) {
  Made made(
      R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Well\u002c"}]})");
  EXPECT_EQ(
      made.then(" so \"it\" is"),
      R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Well\u002c so \"it\" is"}]})");
}

TEST(ContinuedRequest, NothingStandsBehindWhatIsNoPlainText) {
  Made parts(
      R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"a"}]}]})");
  EXPECT_TRUE(parts.then("b").starts_with("refused: "));
}

TEST(ContinuedRequest, FewerTokensAreLeftToAnswerIn) {
  const auto with = [](std::string_view limits, std::int64_t fewer, std::int64_t least) {
    Made made(R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + std::string(limits) +
              "}");
    const auto bytes = made.then("a", fewer, least);
    return bytes.substr(bytes.find("]") + 1);
  };
  EXPECT_EQ(with(R"(,"max_tokens":100)", 30, 1), R"(,"max_tokens":70})");
  EXPECT_EQ(with(R"(,"max_completion_tokens":100,"max_tokens":50)", 30, 1),
            R"(,"max_completion_tokens":70,"max_tokens":20})");
  EXPECT_EQ(with(R"(,"max_tokens":100)", 100, 4), R"(,"max_tokens":4})");
  EXPECT_EQ(with(R"(,"max_tokens":null)", 30, 1), R"(,"max_tokens":null})");
  EXPECT_EQ(with("", 30, 1), "}");
}

}  // namespace
}  // namespace providers
