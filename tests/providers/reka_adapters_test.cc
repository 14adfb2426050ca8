// What exchange files cannot show of Reka's three adapters: capabilities, what is
// borrowed and what is copied, and texts without end.

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/registry.h"
#include "providers/reka_research_stream.h"

namespace providers {
namespace {

using testing::HasSubstr;

config::Target target_of(std::string kind, std::string preset, std::string model) {
  config::Target target;
  target.kind = std::move(kind);
  target.preset = std::move(preset);
  target.model = std::move(model);
  target.quoted_model = "\"" + target.model + "\"";
  target.base_url.path = "/v1";
  target.api_key = config::Secret("k");
  return target;
}

config::Result<config::Capabilities> capabilities(const std::string& kind,
                                                  const std::string& preset,
                                                  const std::string& model) {
  return find_adapter(kind)->capabilities(target_of(kind, preset, model));
}

TEST(RekaCapabilities, CurrentIsThePresetOfNoPreset) {
  const auto none = capabilities("reka", "", "reka-edge-2603");
  const auto current = capabilities("reka", "current", "reka-edge-2603");
  ASSERT_TRUE(none && current);
  EXPECT_EQ(none->tools_style, config::ToolsStyle::openai);
  EXPECT_EQ(none->tools_style, current->tools_style);
  EXPECT_EQ(none->max_images, 3);
  const auto classic = capabilities("reka", "classic", "reka-edge");
  ASSERT_TRUE(classic);
  EXPECT_EQ(classic->tools_style, config::ToolsStyle::flat);
  EXPECT_FALSE(classic->stream_with_tools);
}

TEST(RekaCapabilities, RekaFlash3HasNoToolsAndSeesNothing) {
  const auto can = capabilities("reka", "", "reka-flash-3");
  ASSERT_TRUE(can);
  EXPECT_FALSE(can->tools);
  EXPECT_FALSE(can->images);
  EXPECT_TRUE(can->json_schema);
  EXPECT_TRUE(can->reasoning_effort);
}

TEST(RekaCapabilities, AnUnknownPresetIsAConfigurationProblem) {
  for (const char* kind : {"reka", "reka_chat", "reka_research"}) {
    const auto can = capabilities(kind, "clasic", "reka-flash-research");
    ASSERT_FALSE(can) << kind;
    EXPECT_THAT(can.error().message, HasSubstr("clasic")) << kind;
  }
}

TEST(RekaCapabilities, ResearchServesNoOtherModel) {
  EXPECT_TRUE(capabilities("reka_research", "", "reka-flash-research"));
  EXPECT_TRUE(capabilities("reka_research", "", "reka-flash-research-20250708"));
  const auto can = capabilities("reka_research", "", "reka-flash");
  ASSERT_FALSE(can);
  EXPECT_THAT(can.error().message, HasSubstr("reka-flash"));
}

// A request read and encoded; the bytes stay where they are.
struct Encoded {
  Encoded(const std::string& kind, std::string body) : bytes(std::move(body)) {
    bytes.reserve(bytes.size() + 64);
    target = target_of(kind, "", "m");
    target.can = *find_adapter(kind)->capabilities(target);
    auto read = read_chat_request(json, Operation::chat, bytes);
    if (!read) throw std::runtime_error(read.error().message);
    chat = *std::move(read);
    call = std::make_unique<Call>(Call{chat, target, json});
    request = find_adapter(kind)->encode(*call);
  }

  // Bytes of the sent body that are the client's own.
  std::size_t borrowed() const {
    std::size_t size = 0;
    request->body.for_each([&](std::string_view range) {
      const bool inside =
          range.data() >= bytes.data() && range.data() < bytes.data() + bytes.size();
      if (inside) size += range.size();
    });
    return size;
  }

  std::string bytes;
  config::Target target;
  JsonWorkspace json;
  ChatRequest chat;
  std::unique_ptr<Call> call;
  config::Result<UpstreamRequest> request = UpstreamRequest{};
};

TEST(RekaChatRequest, ALongDataUrlIsNotCopied) {
  const std::string data(1'000'000, 'A');
  const Encoded encoded("reka_chat",
                        R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url",)"
                        R"("image_url":{"url":"data:image/png;base64,)" +
                            data + R"("}},{"type":"text","text":"?"}]}]})");
  ASSERT_TRUE(encoded.request);
  EXPECT_EQ(encoded.request->body.str(),
            R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url",)"
            R"("image_url":"data:image/png;base64,)" +
                data + R"("},{"type":"text","text":"?"}]}]})");
  EXPECT_GE(encoded.borrowed(), data.size());
}

TEST(RekaChatRequest, ALongTextThatNeedsEscapesIsEscapedAgain) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += R"(\n\"x\"é)";
  const Encoded encoded(
      "reka_chat", R"({"model":"m","messages":[{"role":"user","content":")" + text + R"("}]})");
  ASSERT_TRUE(encoded.request);
  EXPECT_THAT(encoded.request->body.str(), HasSubstr(text));
}

TEST(RekaChatRequest, WhatIsSentIsValidWhateverTheTextHolds) {
  for (int byte = 1; byte < 0x80; ++byte) {
    const std::string escape = "\\u00" + std::string(1, "0123456789abcdef"[byte / 16]) +
                               std::string(1, "0123456789abcdef"[byte % 16]);
    const Encoded encoded("reka_chat", R"({"model":"m","messages":[{"role":"system","content":"a)" +
                                           escape + R"("},{"role":"user","content":")" + escape +
                                           R"(b"}]})");
    ASSERT_TRUE(encoded.request);
    JsonDocument document;
    const std::string sent = encoded.request->body.str();
    ASSERT_TRUE(document.read(sent)) << byte;
    const std::string c(1, static_cast<char>(byte));
    EXPECT_EQ(document.root()["messages"][0]["content"].text(), "a" + c + "\n" + c + "b");
  }
}

// It becomes half of a media type inside a data URL, so it must not end either.
TEST(RekaChatRequest, AnAudioFormatThatIsNoNameIsRefused) {
  const auto encoded = [](const std::string& format) {
    return Encoded("reka_chat", R"({"model":"m","messages":[{"role":"user","content":[{"type":)"
                                R"("input_audio","input_audio":{"data":"UklGRg==","format":")" +
                                    format + R"("}}]}]})");
  };
  EXPECT_TRUE(encoded("x-wav.2").request);
  for (const std::string format : {R"(wav\\x)", R"(wav\"})", "wav;base64,", "wav mp3"}) {
    const Encoded refused = encoded(format);
    ASSERT_FALSE(refused.request) << format;
    EXPECT_EQ(refused.request.error().param, "messages[0].content[0].input_audio.format");
  }
}

// Each list as it arrives, what is given after each, and the rest at the end.
std::vector<std::string> given(const std::vector<std::string>& lists) {
  reka::ReasoningSteps steps;
  JsonDocument document;
  std::vector<std::string> out;
  for (const std::string& list : lists) {
    EXPECT_TRUE(document.read(list));
    steps.take(document.root());
    out.push_back(steps.give(false));
  }
  out.push_back(steps.give(true));
  return out;
}

TEST(ReasoningSteps, AGrowingListAndNewestOnlyGiveTheSame) {
  const std::vector<std::string> expected{"", "1", "2", "3"};
  EXPECT_EQ(given({"[1]", "[1,2]", "[1,2,3]"}), expected);
  EXPECT_EQ(given({"[1]", "[2]", "[3]"}), expected);
}

TEST(ReasoningSteps, AListSaidAgainGivesNothingTwice) {
  EXPECT_EQ(given({"[1,2]", "[1,2]", "[1]", "[2]", "[1,2,3,4]"}),
            (std::vector<std::string>{"1", "", "", "", "2,3", "4"}));
}

TEST(ReasoningSteps, TheLastStepMayStillGrow) {
  EXPECT_EQ(given({R"([1,"a"])", R"([1,"ab"])", R"([1,"abc",2])"}),
            (std::vector<std::string>{"1", "", R"("abc")", "2"}));
}

}  // namespace
}  // namespace providers
