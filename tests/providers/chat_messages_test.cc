#include "providers/chat_messages.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace providers {
namespace {

// The body must outlive what is read from it.
struct Talk {
  explicit Talk(std::string text) : body(std::move(text)) {
    JsonWorkspace json;
    auto read = read_chat_request(json, Operation::chat, body);
    EXPECT_TRUE(read) << read.error().message;
    if (read) conversation = read_conversation(json, *read);
  }
  std::string body;
  Conversation conversation;
};

TEST(ChatMessages, AStringIsOneTextPart) {
  const Talk talk(R"({"model":"m","messages":[
    {"role":"system","content":"Be brief."},
    {"role":"user","name":"Ann","content":"Caf\u00e9\n?"}]})");
  const auto& messages = talk.conversation.messages;
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].role, Role::system);
  EXPECT_TRUE(messages[0].content_is_string);
  EXPECT_EQ(messages[0].text(), "Be brief.");
  EXPECT_EQ(messages[1].name, "Ann");
  EXPECT_EQ(messages[1].text(), "Caf\xC3\xA9\n?");
  EXPECT_FALSE(messages[1].has_media());
}

TEST(ChatMessages, TextWithoutEscapesIsNotCopied) {
  const Talk talk(R"({"model":"m","messages":[{"role":"user","content":[
    {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]})");
  const std::string_view url = talk.conversation.messages[0].parts[0].url;
  EXPECT_GE(url.data(), talk.body.data());
  EXPECT_LT(url.data(), talk.body.data() + talk.body.size());
  EXPECT_TRUE(talk.conversation.unescaped.empty());
}

TEST(ChatMessages, PartsKeepTheirMembersAndOrder) {
  const Talk talk(R"({"model":"m","messages":[{"role":"user","content":[
    {"type":"text","text":"a"},
    {"type":"image_url","image_url":{"url":"https:\/\/x\/y.png","detail":"low"}},
    {"type":"video_url","video_url":"https://x/y.mp4"},
    {"type":"audio_url","audio_url":{"url":"https://x/y.wav"}},
    {"type":"pdf_url","pdf_url":"https://x/y.pdf"},
    {"type":"input_audio","input_audio":{"data":"QUFB","format":"wav"}},
    {"type":"file","file":{"file_data":"data:application/pdf;base64,AA==","filename":"a.pdf"}},
    {"type":"hologram","hologram":5},
    {"type":"text","text":"b"}]}]})");
  const ChatMessage& message = talk.conversation.messages[0];
  ASSERT_EQ(message.parts.size(), 9u);
  EXPECT_EQ(message.parts[1].type, PartType::image_url);
  EXPECT_EQ(message.parts[1].url, "https://x/y.png");
  EXPECT_EQ(message.parts[1].detail, "low");
  EXPECT_EQ(message.parts[2].type, PartType::video_url);
  EXPECT_EQ(message.parts[2].url, "https://x/y.mp4");
  EXPECT_EQ(message.parts[3].url, "https://x/y.wav");
  EXPECT_EQ(message.parts[4].type, PartType::pdf_url);
  EXPECT_EQ(message.parts[5].data, "QUFB");
  EXPECT_EQ(message.parts[5].format, "wav");
  EXPECT_EQ(message.parts[6].type, PartType::file);
  EXPECT_EQ(message.parts[6].filename, "a.pdf");
  EXPECT_EQ(message.parts[7].type, PartType::other);
  EXPECT_EQ(message.parts[7].raw, R"({"type":"hologram","hologram":5})");
  EXPECT_EQ(message.text(), "ab");
  EXPECT_TRUE(message.has_media());
}

TEST(ChatMessages, ToolTurnsKeepIdsAndArguments) {
  const Talk talk(R"({"model":"m","messages":[
    {"role":"assistant","content":null,"reasoning_content":"hm","reasoning_details":[{"a":1}],
     "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"q\":\"cat\"}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"12 left"},
    {"role":"assistant","function_call":{"name":"g","arguments":"{}"}},
    {"role":"function","name":"g","content":"ok"}]})");
  const auto& messages = talk.conversation.messages;
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_TRUE(messages[0].parts.empty());
  EXPECT_EQ(messages[0].reasoning_content, "hm");
  EXPECT_EQ(messages[0].raw_reasoning_details, R"([{"a":1}])");
  ASSERT_EQ(messages[0].tool_calls.size(), 1u);
  EXPECT_EQ(messages[0].tool_calls[0].id, "c1");
  EXPECT_EQ(messages[0].tool_calls[0].arguments, R"({"q":"cat"})");
  EXPECT_EQ(messages[0].tool_calls[0].raw_arguments, R"("{\"q\":\"cat\"}")");
  EXPECT_EQ(messages[1].tool_call_id, "c1");
  EXPECT_EQ(messages[2].tool_calls[0].name, "g");
  EXPECT_EQ(messages[2].tool_calls[0].id, "");
  EXPECT_EQ(messages[3].role, Role::function);
  EXPECT_EQ(messages[3].name, "g");
}

TEST(ChatMessages, FunctionsAreTools) {
  const std::string messages = R"("messages":[{"role":"user","content":"x"}])";
  const Talk tools(R"({"model":"m","tools":[{"type":"function","function":{"name":"f",
    "description":"say \"hi\"","parameters":{"type":"object","n":1e400}}},{"type":"web","web":{}}],
    "tool_choice":{"type":"function","function":{"name":"f"}},)" +
                   messages + "}");
  ASSERT_EQ(tools.conversation.tools.size(), 2u);
  const Tool& tool = tools.conversation.tools[0];
  EXPECT_EQ(tool.name, "f");
  EXPECT_EQ(tool.description, "say \"hi\"");
  EXPECT_EQ(tool.raw_description, R"("say \"hi\"")");
  EXPECT_EQ(tool.raw_parameters, R"({"type":"object","n":1e400})");
  EXPECT_EQ(tools.conversation.tools[1].type, "web");
  EXPECT_EQ(tools.conversation.tools[1].name, "");
  EXPECT_EQ(tools.conversation.tool_choice, ToolChoice::named);
  EXPECT_EQ(tools.conversation.chosen_tool, "f");

  const Talk functions(R"({"model":"m","functions":[{"name":"g"}],"function_call":{"name":"g"},)" +
                       messages + "}");
  ASSERT_EQ(functions.conversation.tools.size(), 1u);
  EXPECT_EQ(functions.conversation.tools[0].name, "g");
  EXPECT_EQ(functions.conversation.tools[0].type, "function");
  EXPECT_EQ(functions.conversation.tool_choice, ToolChoice::named);
  EXPECT_EQ(functions.conversation.chosen_tool, "g");

  const Talk words(R"({"model":"m","tool_choice":"required",)" + messages + "}");
  EXPECT_EQ(words.conversation.tool_choice, ToolChoice::required);
  const Talk none(R"({"model":"m",)" + messages + "}");
  EXPECT_EQ(none.conversation.tool_choice, ToolChoice::absent);
}

TEST(ChatMessages, AConversationMayBeMoved) {
  Talk talk(R"({"model":"m","messages":[{"role":"user","content":"\u0041"}]})");
  const std::string_view before = talk.conversation.messages[0].parts[0].text;
  const Conversation moved = std::move(talk.conversation);
  EXPECT_EQ(moved.messages[0].parts[0].text, "A");
  EXPECT_EQ(moved.messages[0].parts[0].text.data(), before.data());
}

}  // namespace
}  // namespace providers
