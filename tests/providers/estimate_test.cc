#include <gtest/gtest.h>

#include "providers/adapter.h"

namespace providers {
namespace {

std::int64_t estimate(const std::string& body) {
  JsonWorkspace json;
  std::string padded = body + std::string(simdjson::SIMDJSON_PADDING, '\0');
  auto chat =
      read_chat_request(json, Operation::chat, std::string_view(padded).substr(0, body.size()));
  EXPECT_TRUE(chat) << (chat ? "" : chat.error().message);
  return chat ? estimated_prompt_tokens(*chat) : -1;
}

std::string ask(const std::string& content) {
  return R"({"model":"m","messages":[{"role":"user","content":)" + content + "}]}";
}

TEST(Estimate, FourBytesAreAToken) {
  EXPECT_EQ(estimated_tokens(0), 0);
  EXPECT_EQ(estimated_tokens(1), 1);
  EXPECT_EQ(estimated_tokens(4), 1);
  EXPECT_EQ(estimated_tokens(5), 2);
}

TEST(Estimate, LongerTextIsMoreTokens) {
  const auto little = estimate(ask("\"" + std::string(400, 'a') + "\""));
  const auto much = estimate(ask("\"" + std::string(800, 'a') + "\""));
  EXPECT_EQ(much - little, 100);
}

TEST(Estimate, MediaDataIsNotCountedAsText) {
  const auto url =
      estimate(ask(R"([{"type":"image_url","image_url":{"url":"https://i.example/a.png"}}])"));
  const auto data =
      estimate(ask(R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
                   std::string(400'000, 'A') + "\"}}]"));
  EXPECT_LT(data, url + 20);
  EXPECT_GE(data, 1000);
  const auto audio =
      estimate(ask(R"([{"type":"input_audio","input_audio":{"format":"wav","data":")" +
                   std::string(400'000, 'A') + "\"}}]"));
  EXPECT_LT(audio, 100);
}

TEST(Estimate, WordsAreCountedHoweverLongTheText) {
  std::string words;
  while (words.size() < 100'000) words += "lorem ipsum \\\"dolor\\\" ";
  EXPECT_GT(estimate(ask("\"" + words + "\"")), 24'000);
}

TEST(ListedModels, AreReadAsTheyWereSpelled) {
  JsonWorkspace json;
  const std::string body =
      R"({"model":"m","models":["a/b","\u0063"],"messages":[{"role":"user","content":"x"}]})";
  std::string padded = body + std::string(simdjson::SIMDJSON_PADDING, '\0');
  auto chat =
      read_chat_request(json, Operation::chat, std::string_view(padded).substr(0, body.size()));
  ASSERT_TRUE(chat);
  EXPECT_EQ(listed_models(json, *chat), (std::vector<std::string>{"a/b", "c"}));
}

}  // namespace
}  // namespace providers
