#include "providers/reka_shared_history.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "providers/chat_request.h"

namespace providers::reka {
namespace {

using config::SystemRole;
using config::ToolResults;

// A request and what was made of it, kept together because the one views the other.
struct Made {
  explicit Made(const std::string& messages, const config::Capabilities& can) {
    body = R"({"model":"m","messages":)" + messages + "}";
    body.reserve(body.size() + 64);
    auto read = read_chat_request(json, Operation::chat, body);
    if (!read) throw std::runtime_error(read.error().message);
    chat = *std::move(read);
    conversation = read_conversation(json, chat);
    history = make_history(conversation, can, "m", dropped);
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const Turn& turn : history->turns) {
      std::string text = turn.speaker == Speaker::assistant ? "A:" : "U:";
      for (const std::string& part : turn.texts) text += part + "|";
      out.push_back(text);
    }
    return out;
  }

  JsonWorkspace json;
  std::string body;
  ChatRequest chat;
  Conversation conversation;
  Dropped dropped;
  config::Result<History> history = History{};
};

config::Capabilities strict(SystemRole role) {
  config::Capabilities can;
  can.system_role = role;
  can.alternating_roles = true;
  can.tool_results = ToolResults::user_text;
  return can;
}

using Texts = std::vector<std::string>;

TEST(RekaHistory, SystemTextOpensTheFirstOrTheNextUserTurn) {
  const std::string messages =
      R"([{"role":"system","content":"S1"},{"role":"user","content":"a"},
          {"role":"assistant","content":"b"},{"role":"system","content":"S2"},
          {"role":"user","content":"c"}])";
  EXPECT_EQ(Made(messages, strict(SystemRole::fold_first)).texts(),
            (Texts{"U:S1\nS2\na|", "A:b|", "U:c|"}));
  EXPECT_EQ(Made(messages, strict(SystemRole::fold_next)).texts(),
            (Texts{"U:S1\na|", "A:b|", "U:S2\nc|"}));
}

TEST(RekaHistory, TextPartsOfOneMessageStayApart) {
  const Made made(R"([{"role":"user","content":[{"type":"text","text":"a"},
      {"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"b"}]}])",
                  strict(SystemRole::fold_first));
  EXPECT_EQ(made.texts(), Texts{"U:a|b|"});
  EXPECT_EQ(made.history->turns[0].media.size(), 1U);
}

TEST(RekaHistory, OnlyAResultBehindTheLastAnswerAsksToGoOn) {
  const std::string call =
      R"({"role":"assistant","tool_calls":[{"id":"t","type":"function",
          "function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"t","content":"r"})";
  const std::string user = R"({"role":"user","content":"q"})";
  const std::string answer = R"({"role":"assistant","content":"a"})";
  const auto can = strict(SystemRole::fold_next);
  const auto answers = [&](const std::string& messages) {
    return Made("[" + messages + "]", can).history->answers_tools;
  };
  EXPECT_FALSE(answers(user));
  EXPECT_TRUE(answers(user + "," + call));
  EXPECT_TRUE(answers(user + "," + call + "," + user));
  EXPECT_FALSE(answers(user + "," + call + "," + answer + "," + user));
}

// Whatever stands in a conversation: speakers alternate, the user begins, and every
// text arrives exactly once.
TEST(RekaHistory, AnyConversationAlternatesAndLosesNoText) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string messages = R"([{"role":"user","content":"<0>"})";
    const int count = 1 + static_cast<int>(random() % 8);
    for (int i = 1; i <= count; ++i) {
      constexpr const char* kRoles[] = {"system", "user", "assistant", "developer"};
      messages += std::string(R"(,{"role":")") + kRoles[random() % 4] + R"(","content":"<)" +
                  std::to_string(i) + R"(>"})";
    }
    const Made made(messages + "]", strict(SystemRole::fold_next));
    ASSERT_TRUE(made.history) << messages;
    std::string all;
    for (std::size_t i = 0; i < made.history->turns.size(); ++i) {
      const Turn& turn = made.history->turns[i];
      const Speaker expected = i % 2 == 0 ? Speaker::user : Speaker::assistant;
      ASSERT_EQ(turn.speaker, expected) << messages;
      for (const std::string& text : turn.texts) all += text;
    }
    for (int i = 0; i <= count; ++i) {
      const std::string mark = "<" + std::to_string(i) + ">";
      const auto found = all.find(mark);
      ASSERT_NE(found, std::string::npos) << messages;
      ASSERT_EQ(all.find(mark, found + 1), std::string::npos) << messages;
    }
  }
}

}  // namespace
}  // namespace providers::reka
