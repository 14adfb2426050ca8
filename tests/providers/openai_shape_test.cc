// What golden exchanges do not show of OpenAI-shaped kinds: their capabilities, and
// the way a request's bytes travel.

#include "providers/openai_shape.h"

#include <gtest/gtest.h>

#include "providers/registry.h"

namespace providers {
namespace {

config::Target target_of(std::string kind, std::string model) {
  config::Target target;
  target.kind = std::move(kind);
  target.model = std::move(model);
  target.quoted_model = "\"" + target.model + "\"";
  return target;
}

TEST(Registry, KnowsItsKindsInOrderAndNoOthers) {
  const auto names = kinds();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const auto name : names) EXPECT_NE(find_adapter(name), nullptr) << name;
  EXPECT_EQ(find_adapter("carrier-pigeon"), nullptr);
  EXPECT_EQ(find_adapter(""), nullptr);
}

TEST(OpenAiShape, APresetItDoesNotKnowIsAConfigurationProblem) {
  for (const char* kind : {"openai", "openrouter", "haimaker"}) {
    auto target = target_of(kind, "m");
    target.preset = "classic";
    const auto can = find_adapter(kind)->capabilities(target);
    ASSERT_FALSE(can) << kind;
    EXPECT_NE(can.error().message.find("classic"), std::string::npos);
  }
}

TEST(OpenAiShape, AQuirkItCannotServeIsAConfigurationProblem) {
  for (const char* kind : {"openai", "openrouter", "haimaker"}) {
    auto target = target_of(kind, "m");
    target.overrides.system_role = config::SystemRole::fold_first;
    const auto can = find_adapter(kind)->capabilities(target);
    ASSERT_FALSE(can) << kind;
    EXPECT_NE(can.error().message.find("system_role"), std::string::npos);
    target.overrides.system_role = config::SystemRole::pass;
    EXPECT_TRUE(find_adapter(kind)->capabilities(target)) << kind;
  }
}

TEST(OpenAiShape, TheSeedsModelsCanWhatTheirPagesSay) {
  const auto edge =
      find_adapter("openrouter")->capabilities(target_of("openrouter", "rekaai/reka-edge"));
  ASSERT_TRUE(edge);
  EXPECT_TRUE(edge->tools);
  EXPECT_TRUE(edge->images);
  EXPECT_TRUE(edge->video);
  EXPECT_FALSE(edge->several_choices);

  const auto flash =
      find_adapter("haimaker")->capabilities(target_of("haimaker", "rekaai/reka-flash-3"));
  ASSERT_TRUE(flash);
  EXPECT_FALSE(flash->tools);
  EXPECT_FALSE(flash->images);
  EXPECT_EQ(flash->reasoning_tags, (config::Words{"<reasoning>", "</reasoning>"}));
}

// A megabyte of prompt is handed on, not copied.
TEST(OpenAiShape, LongRequestsAreBorrowed) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":")" +
                     std::string(1'000'000, 'x') + R"("}],"stream":true})";
  const auto size = body.size();
  body.append(simdjson::SIMDJSON_PADDING, '\0');
  const auto bytes = std::string_view(body).substr(0, size);
  JsonWorkspace json;
  const auto chat = read_chat_request(json, Operation::chat, bytes);
  ASSERT_TRUE(chat);
  auto target = target_of("openai", "upstream/model");
  const auto request = find_adapter("openai")->encode(Call{*chat, target, json});
  ASSERT_TRUE(request);
  std::size_t borrowed = 0;
  request->body.for_each([&](std::string_view range) {
    const bool theirs = range.data() >= body.data() && range.data() < body.data() + size;
    if (theirs) borrowed += range.size();
  });
  EXPECT_GT(borrowed, 999'000u);
  EXPECT_LT(request->body.range_count(), 6u);
}

}  // namespace
}  // namespace providers
