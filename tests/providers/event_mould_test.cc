// Events that are decoded by comparing them with the one before, and events that are not, must
// come to the same.

#include "providers/event_mould.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "providers/registry.h"

namespace providers {
namespace {

std::string chunk(std::string_view delta, std::string_view rest = "") {
  return R"({"id":"u-1","object":"chat.completion.chunk","created":7,"model":"up",)"
         R"("choices":[{"index":0,"delta":{)" +
         std::string(delta) + R"(},"finish_reason":null)" + std::string(rest) + "}]}";
}

struct Outcome {
  std::string written;
  std::size_t delivered = 0;
  std::int64_t tokens = 0;
};

class Decoded {
 public:
  Decoded() {
    chat_.model = "asked";
    chat_.stream = true;
    chat_.include_usage = true;
    chat_.answer_id = "ours";
    target_.kind = "openai";
    target_.can = *find_adapter("openai")->capabilities(target_);
  }

  // `apart`: each event begins with another number of blanks, so that none is like the one before.
  Outcome all(const std::vector<std::string>& events, bool apart) {
    const Call call{chat_, target_, json_};
    const auto decoder = find_adapter("openai")->open_stream(call, AnswerHead{200, {}});
    Outcome out;
    std::size_t blanks = 0;
    for (const std::string& event : events) {
      std::string data = event;
      if (apart) data.insert(1, ++blanks, ' ');
      Body body;
      EXPECT_TRUE(decoder->decode(SseEvent{"", data}, body)) << data;
      std::string written = body.str();
      if (apart && !written.empty()) written.erase(written.find('{') + 1, blanks);
      out.written += written;
    }
    out.delivered = decoder->delivered_bytes();
    out.tokens = decoder->delivered().quick_tokens();
    return out;
  }

 private:
  ChatRequest chat_;
  config::Target target_;
  JsonWorkspace json_;
};

void expect_the_same(const std::vector<std::string>& events) {
  const Outcome alike = Decoded().all(events, false);
  const Outcome apart = Decoded().all(events, true);
  EXPECT_EQ(alike.written, apart.written);
  EXPECT_EQ(alike.delivered, apart.delivered);
  EXPECT_EQ(alike.tokens, apart.tokens);
}

TEST(EventMould, TextsThatNeedNoEscape) {
  expect_the_same({chunk(R"("role":"assistant","content":"")"), chunk(R"("content":"One")"),
                   chunk(R"("content":" two")"), chunk(R"("content":" thr\u00e9e")"),
                   chunk(R"("content":" vi\u00e8r, f\u00fcnf")"), chunk(R"("content":"\n")"),
                   chunk(R"("content":" six")"), chunk(R"("content":"")"),
                   chunk(R"("content":null)"), chunk(R"("content":" \"seven\"")"),
                   chunk("\"content\":\" \xE6\x98\x8E\xE5\xA4\xA9\""),
                   chunk(R"("content":" eight")")});
}

TEST(EventMould, WhatComesWithIt) {
  const auto role = R"("role":"assistant","content":"a")";
  expect_the_same({chunk(role), chunk(role), chunk(role), chunk(R"("content":"b","reasoning":"c")"),
                   chunk(R"("content":"b","reasoning":"c")"), chunk(role),
                   chunk(R"("content":"d","tool_calls":[{"index":0,"id":"x","function":{}}])"),
                   chunk(R"("content":"d","tool_calls":[{"index":0,"id":"x","function":{}}])"),
                   chunk(R"("content":"e","annotations":[{"type":"link"}])"),
                   chunk(R"("content":"e","annotations":[{"type":"link"}])"),
                   chunk(R"("content":"f","annotations":[],"refusal":null)"),
                   chunk(R"("content":"g","annotations":[],"refusal":null)")});
}

TEST(EventMould, TheEndIsNoRepetition) {
  const std::string end =
      R"({"id":"u-1","object":"chat.completion.chunk","created":7,"model":"up",)"
      R"("choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]})";
  expect_the_same({chunk(R"("content":"a")"), chunk(R"("content":"b")"), end, end, end,
                   chunk(R"("content":"late")"), chunk(R"("content":"later")")});
}

TEST(EventMould, SeveralChoices) {
  std::vector<std::string> events;
  for (const char* text : {"a", "b", "c", "d"}) {
    for (const char* index : {"0", "1", "2"}) {
      events.push_back(R"({"id":"u-1","choices":[{"index":)" + std::string(index) +
                       R"(,"delta":{"content":")" + text + R"("}}]})");
    }
    events.push_back(
        R"({"id":"u-1","choices":[{"index":0,"delta":{"content":"x"}},{"index":1,"delta":)"
        R"({"content":"y"}}]})");
  }
  expect_the_same(events);
}

TEST(EventMould, WhatIsNoJsonIsNotTakenForIt) {
  const auto with = [](std::string_view text) { return chunk("\"content\":" + std::string(text)); };
  for (const std::string_view bad : {"\"a\x01z\"", "\"a\xC3\"", "\"\xFF\"", "\"a\\x\""}) {
    std::vector<std::string> events{with("\"a\""), with("\"b\""), with("\"c\""), with(bad)};
    EventMould mould;
    Edits none;
    const std::string& first = events[1];
    const auto at = first.find("\"b\"") + 1;
    mould.cast(first, at, at + 1, none, 0);
    EXPECT_TRUE(mould.text_of(events[2]));
    EXPECT_FALSE(mould.text_of(events[3])) << bad;
  }
}

TEST(EventMould, RemembersNothingWhereNoneComesTwice) {
  EventMould mould;
  Edits none;
  int remembered = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(mould.text_of(R"({"another":"b"})"));
    if (!mould.wants()) continue;
    ++remembered;
    mould.cast(R"({"a":"b"})", 6, 7, none, 0);
  }
  EXPECT_EQ(remembered, 4);
}

TEST(EventMould, IsNotChangedWhereTwoComeByTurns) {
  EventMould mould;
  Edits none;
  mould.cast(R"({"a":"b"})", 6, 7, none, 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(mould.text_of(R"({"another":"b"})"));
    EXPECT_FALSE(mould.wants());
    EXPECT_TRUE(mould.text_of(R"({"a":"c"})"));
  }
}

TEST(EventMould, WritesWithTheEdits) {
  EventMould mould;
  Edits edits;
  edits.replace(1, 4, R"("longer")");
  edits.cut(8, 8);
  edits.insert(8, R"(,"c":1)");
  mould.cast(R"({"a":"b"})", 6, 7, edits, 0);
  const auto text = mould.text_of(R"({"a":"text"})");
  ASSERT_TRUE(text);
  Body out;
  mould.write(text.value_or(""), out);
  EXPECT_EQ(out.str(), "data: {\"longer\":\"text\",\"c\":1}\n\n");
}

}  // namespace
}  // namespace providers
