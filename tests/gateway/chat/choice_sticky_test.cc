#include "gateway/chat/choice_sticky.h"

#include <map>

#include <fmt/format.h>

#include "tests/gateway/chat/routes.h"

namespace gateway::chat {
namespace {

struct Sticky : Routes {
  std::uint64_t conversation(std::string_view body) {
    ask(body);
    return conversation_of(chat, model, caller, json);
  }
  std::uint64_t begun(std::string_view system, std::string_view user, std::string_view more = "") {
    return conversation(
        fmt::format(R"({{"model":"m","messages":[{{"role":"system","content":"{}"}},)"
                    R"({{"role":"user","content":"{}"}}{}]}})",
                    system, user, more));
  }
  std::string order(std::uint64_t of) {
    Targets order = all();
    by_conversation(order, of);
    return names(order);
  }
};

TEST_F(Sticky, AConversationKeepsItsTargetAsItGrows) {
  const auto first = begun("You are kind.", "Hello");
  EXPECT_EQ(begun("You are kind.", "Hello",
                  R"(,{"role":"assistant","content":"Hi!"},{"role":"user","content":"And?"})"),
            first);
  EXPECT_EQ(conversation(R"({"model":"m","temperature":1,"messages":[{"content":"You are kind.",)"
                         R"("role":"system"},{"role":"user","name":"x","content":"Hello"}]})"),
            first)
      << "what else the request says does not matter";
  EXPECT_NE(begun("You are kind.", "Hello!"), first);
  EXPECT_NE(begun("You are strict.", "Hello"), first);
}

TEST_F(Sticky, CacheMarksOnPartsDoNotMoveIt) {
  const auto parts = [&](std::string_view mark) {
    return conversation(fmt::format(
        R"({{"model":"m","messages":[{{"role":"user","content":[{{"type":"text","text":"Hi"{}}}]}}]}})",
        mark));
  };
  EXPECT_EQ(parts(""), parts(R"(,"cache_control":{"type":"ephemeral"})"));
}

TEST_F(Sticky, IsWhosItIsAndOfWhichModel) {
  const auto first = begun("s", "u");
  caller.name = config::KeyName("grace");
  const auto other = begun("s", "u");
  EXPECT_NE(other, first);
  model.name = config::ModelName("n");
  EXPECT_NE(begun("s", "u"), other);
}

TEST_F(Sticky, IsTheSameInEveryProcess) {
  targets({1, 1, 1, 1});
  EXPECT_EQ(order(42), order(42));
  caller.name = config::KeyName("ada");
  model.name = config::ModelName("m");
  EXPECT_EQ(order(begun("You are kind.", "Hello")), "2310");
}

TEST_F(Sticky, SharesFollowTheWeights) {
  targets({1, 3, 0});
  std::map<char, int> first;
  constexpr std::uint64_t kConversations = 8'000;
  for (std::uint64_t i = 0; i < kConversations; ++i) ++first[order(i).front()];
  EXPECT_NEAR(first['0'], 2'000, 200);
  EXPECT_NEAR(first['1'], 6'000, 200);
  EXPECT_EQ(first['2'], 0);
}

TEST_F(Sticky, OneThatIsAddedTakesOnlyItsOwnShare) {
  constexpr std::uint64_t kConversations = 4'000;
  targets({1, 1, 1});
  std::vector<char> before;
  for (std::uint64_t i = 0; i < kConversations; ++i) before.push_back(order(i).front());
  targets({1, 1, 1, 1});
  int moved = 0;
  for (std::uint64_t i = 0; i < kConversations; ++i) {
    const char now = order(i).front();
    if (now == before[i]) continue;
    ++moved;
    EXPECT_EQ(now, '3') << "nobody moves between the old ones";
  }
  EXPECT_NEAR(moved, kConversations / 4, 150);
}

TEST_F(Sticky, WhereOneRestsOnlyItsConversationsMoveAndNotAllToTheSame) {
  targets({1, 1, 1});
  std::map<char, int> heirs;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    const std::string names = order(i);
    if (names.front() == '1') ++heirs[names[1]];
  }
  EXPECT_NEAR(heirs['0'], 500, 100);
  EXPECT_NEAR(heirs['2'], 500, 100);
}

}  // namespace
}  // namespace gateway::chat
