#include "providers/estimate.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "providers/adapter.h"

namespace providers {
namespace {

using config::Tokenizer;

// A request and the bytes it points into.
struct Asked {
  explicit Asked(const std::string& body, Operation operation = Operation::chat)
      : padded(body + std::string(simdjson::SIMDJSON_PADDING, '\0')) {
    auto read = read_chat_request(json, operation, std::string_view(padded).substr(0, body.size()));
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    if (read) chat = *std::move(read);
  }
  JsonWorkspace json;
  std::string padded;
  ChatRequest chat;
};

std::int64_t quick(const std::string& body) {
  return Asked(body).chat.quick_prompt_tokens;
}

std::int64_t exact(const std::string& body, Operation operation = Operation::chat) {
  return prompt_tokens(Asked(body, operation).chat, Tokenizer::cl100k_base);
}

std::string ask(const std::string& content) {
  return R"({"model":"m","messages":[{"role":"user","content":)" + content + "}]}";
}

TEST(QuickEstimate, LongerTextIsMoreTokens) {
  const auto little = quick(ask("\"" + std::string(400, 'a') + "\""));
  const auto much = quick(ask("\"" + std::string(800, 'a') + "\""));
  EXPECT_EQ(much - little, 100);
}

TEST(QuickEstimate, AWordIsATokenHoweverShort) {
  std::string short_words;
  while (short_words.size() < 4'000) short_words += "a ";
  EXPECT_GE(quick(ask("\"" + short_words + "\"")), exact(ask("\"" + short_words + "\"")));
  std::string among_long_ones;
  for (int i = 0; i < 20; ++i) {
    for (int word = 0; word < 60; ++word) among_long_ones += " a";
    for (int word = 0; word < 10; ++word) among_long_ones += " internationalisation";
  }
  EXPECT_GE(quick(ask("\"" + among_long_ones + "\"")), exact(ask("\"" + among_long_ones + "\"")));
}

TEST(QuickEstimate, SignsDigitsAndOtherScriptsWeighMoreThanWords) {
  const auto words = quick(ask("\"" + std::string(600, 'a') + "\""));
  for (const std::string one : {"7", "{", "Q", "字"}) {
    std::string text;
    while (text.size() < 600) text += one;
    EXPECT_GT(quick(ask("\"" + text + "\"")), words * 2) << one;
  }
}

TEST(QuickEstimate, LongTextIsNotTakenForData) {
  std::string prose;
  while (prose.size() < 6'000) prose += "字";
  EXPECT_GT(quick(ask("\"" + prose + "\"")), 2'000);
  std::string heading(40, '=');
  while (heading.size() < 1'500) heading += " and what stands below it";
  EXPECT_GT(quick(ask("\"" + heading + "\"")), 300);
  std::string disguised = "data: please ";
  while (disguised.size() < 6'000) disguised += "tell me more, ";
  EXPECT_GT(quick(ask("\"" + disguised + "\"")), 1'000);
  std::string behind = std::string(1'100, 'A');
  while (behind.size() < 6'000) behind += " and then more";
  EXPECT_GT(quick(ask("\"" + behind + "\"")), 1'000);
}

TEST(QuickEstimate, MediaDataIsNotCountedAsText) {
  const auto url =
      quick(ask(R"([{"type":"image_url","image_url":{"url":"https://i.example/a.png"}}])"));
  const auto data = quick(ask(R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
                              std::string(400'000, 'A') + "\"}}]"));
  EXPECT_LT(data, url + 20);
  EXPECT_GE(data, 1000);
  const auto audio = quick(ask(R"([{"type":"input_audio","input_audio":{"format":"wav","data":")" +
                               std::string(400'000, 'A') + "\"}}]"));
  EXPECT_LT(audio, 100);
}

TEST(QuickEstimate, WordsAreCountedHoweverLongTheText) {
  std::string words;
  while (words.size() < 100'000) words += "lorem ipsum \\\"dolor\\\" ";
  EXPECT_GT(quick(ask("\"" + words + "\"")), 24'000);
}

TEST(QuickEstimate, IsAboveTheCountOfPlainQuestions) {
  for (const std::string text :
       {"\"Capital of France?\"", "\"Explain why the sky is blue, in two sentences.\"",
        R"("for (int i = 0; i < n; ++i) sum += a[i];\n")", "\"2026-11-21 13:45:01 GET /v1 200\"",
        "\"Сколько стоит отправить завтра небольшую посылку?\"",
        "\"明天把一个小包裹寄到我昨天给你的地址要多少钱？\""}) {
    EXPECT_GE(quick(ask(text)), exact(ask(text))) << text;
  }
}

// wire-facts' example: reka-flash-3 reports 11 for it.
TEST(PromptTokens, AreWhatTheUpstreamReportsForItsOwnTemplate) {
  EXPECT_EQ(exact(ask("\"Capital of France?\"")), 11);
}

TEST(PromptTokens, EscapesAreTheCharactersTheyStandFor) {
  EXPECT_EQ(exact(ask(R"("\u0043apital \u006ff\u0020France?")")), 11);
}

TEST(PromptTokens, PartsCallsAndToolsAreCountedAndMediaIsNot) {
  const auto bare = exact(ask("\"\""));
  const std::string sentence = "It is Paris, as it has been since the end of the war.";  // 15
  EXPECT_EQ(exact(ask(R"([{"type":"text","text":")" + sentence + "\"}]")), bare + 15);
  EXPECT_EQ(
      exact(ask(R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}])")),
      bare + 1000);
  EXPECT_EQ(exact(R"({"model":"m","messages":[{"role":"user","content":""},{"role":"assistant",)"
                  R"("content":null,"tool_calls":[{"id":"c","type":"function","function":)"
                  R"({"name":"weather","arguments":"{}"}}]},)"
                  R"({"role":"tool","tool_call_id":"c","content":"rain"}]})"),
            bare + 5 + 5 + 1 + 1 + 1);
  EXPECT_GT(
      exact(R"({"model":"m","tools":[{"type":"function","function":{"name":"weather",)"
            R"("parameters":{"type":"object"}}}],"messages":[{"role":"user","content":""}]})"),
      bare + 10);
}

TEST(PromptTokens, OfTextsAndOfTokensCountedAlready) {
  EXPECT_EQ(exact(R"({"model":"m","prompt":"Capital of France?"})", Operation::completions), 4);
  EXPECT_EQ(exact(R"({"model":"m","input":["Capital of","France?"]})", Operation::embeddings), 4);
  EXPECT_EQ(exact(R"({"model":"m","input":[[1,2,3],[4]]})", Operation::embeddings), 4);
}

TEST(EstimatedUsage, SaysThatItIsOne) {
  Asked asked(ask("\"Capital of France?\""));
  DeliveredText delivered;
  delivered.add(0, DeliveredText::Part::content, "Paris.");
  const Usage usage = estimated_usage(asked.chat, Tokenizer::cl100k_base, delivered);
  EXPECT_EQ(usage.tokens, Source::estimated);
  EXPECT_EQ(usage.prompt, 11);
  EXPECT_EQ(usage.completion, 2);
}

TEST(ListedModels, AreReadAsTheyWereSpelled) {
  Asked asked(
      R"({"model":"m","models":["a/b","\u0063"],"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(listed_models(asked.json, asked.chat), (std::vector<std::string>{"a/b", "c"}));
}

}  // namespace
}  // namespace providers
