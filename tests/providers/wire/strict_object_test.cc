#include "providers/wire/strict_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace providers {
namespace {

using testing::HasSubstr;

struct Read {
  std::string text = "before";
  std::vector<std::string> words{"before"};
  bool flag = true;
  std::optional<std::int64_t> whole = 1;
  config::Result<void> done;
};

Read read(std::string_view json) {
  JsonDocument document;
  document.read(json);
  const Place place;
  StrictObject object(document.root(), place);
  Read out;
  object.text("text", out.text, 8);
  object.words("words", out.words, 2, 4);
  object.flag("flag", out.flag);
  object.whole("whole", out.whole, -5, 5);
  out.done = object.done();
  return out;
}

TEST(StrictObject, ReadsWhatIsThereAndLeavesTheRest) {
  const Read all = read(R"({"text":"t\u00fc","words":["a","b"],"flag":false,"whole":-5})");
  ASSERT_TRUE(all.done);
  EXPECT_EQ(all.text, "tü");
  EXPECT_EQ(all.words, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(all.flag);
  EXPECT_EQ(all.whole, -5);
  const Read none = read("{}");
  ASSERT_TRUE(none.done);
  EXPECT_EQ(none.text, "before");
  EXPECT_EQ(none.words.size(), 1U);
  EXPECT_EQ(none.whole, 1);
  const Read empty = read(R"({"text":null,"words":null,"whole":null})");
  ASSERT_TRUE(empty.done);
  EXPECT_EQ(empty.text, "");
  EXPECT_TRUE(empty.words.empty());
  EXPECT_EQ(empty.whole, std::nullopt);
}

TEST(StrictObject, TheFirstFaultIsTold) {
  const auto expect = [](std::string_view json, const char* param, const char* message) {
    const Read wrong = read(json);
    ASSERT_FALSE(wrong.done) << json;
    EXPECT_EQ(wrong.done.error().param, param) << json;
    EXPECT_THAT(wrong.done.error().message, HasSubstr(message)) << json;
    EXPECT_EQ(wrong.done.error().code, config::ErrorCode::invalid_request);
  };
  expect("5", "", "must be a JSON object");
  expect(R"({"text":1,"whole":"x"})", "text", "must be a string");
  expect(R"({"text":"123456789"})", "text", "at most 8 bytes");
  expect(R"({"text":"a\u0000"})", "text", "one line");
  expect(R"({"words":["a","b","c"]})", "words", "at most 2");
  expect(R"({"words":["a",5]})", "words[1]", "must be a string");
  expect(R"({"words":{}})", "words", "a list of strings");
  expect(R"({"flag":null})", "flag", "true or false");
  expect(R"({"whole":6})", "whole", "from -5 to 5");
  expect(R"({"whole":1e2})", "whole", "whole number");
  expect(R"({"whole":99999999999999999999})", "whole", "whole number");
  expect(R"({"txet":1})", "txet", "did you mean \"text\"?");
  expect(R"({"t\u0065xt":"a","text":"b"})", "text", "more than once");
}

TEST(StrictObject, NamesWithEscapesAreTheSameNames) {
  const Read escaped = read(R"({"t\u0065xt":"a"})");
  ASSERT_TRUE(escaped.done);
  EXPECT_EQ(escaped.text, "a");
}

}  // namespace
}  // namespace providers
