#include "config/yaml_tree.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/base/utf8.h"

namespace config {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

YamlPointer tree(std::string_view text) {
  auto parsed = parse_yaml(text);
  if (auto* fault = std::get_if<YamlFault>(&parsed)) {
    ADD_FAILURE() << fault->line << ": " << fault->message;
    return std::make_shared<YamlValue>();
  }
  return std::get<YamlPointer>(parsed);
}

YamlFault fault(std::string_view text) {
  auto parsed = parse_yaml(text);
  if (std::holds_alternative<YamlPointer>(parsed)) return {-1, "it was read"};
  return std::get<YamlFault>(parsed);
}

TEST(YamlTree, ValuesKnowTheirLinesAndWhetherTheyWereQuoted) {
  const auto root = tree("# first\na: 1\nb: [x, \"y\"]\nc:\n  d: |\n    z\ne:\n");
  ASSERT_EQ(root->entries.size(), 4u);
  EXPECT_EQ(root->entries[0].line, 2);
  EXPECT_FALSE(root->entries[0].value->quoted);
  EXPECT_TRUE(root->entries[1].value->items[1]->quoted);
  EXPECT_EQ(root->entries[2].value->entries[0].line, 5);
  EXPECT_TRUE(root->entries[2].value->entries[0].value->quoted);
  EXPECT_EQ(root->entries[3].value->kind, YamlValue::Kind::null);
}

TEST(YamlTree, AliasesShareTheirValue) {
  const auto root = tree("a: &x {k: v}\nb: *x\n");
  EXPECT_EQ(root->entries[0].value, root->entries[1].value);
}

TEST(YamlTree, DuplicateKeysAreKeptForTheReaderToRefuse) {
  EXPECT_EQ(tree("a: 1\na: 2\n")->entries.size(), 2u);
}

TEST(YamlTree, SyntaxErrorsHaveALine) {
  EXPECT_EQ(fault("a: 1\nb: [1, 2\nc: 3\n").line, 3);
  EXPECT_THAT(fault("a: 1\n\tb: 2\n").message, HasSubstr("not YAML"));
}

TEST(YamlTree, SyntaxErrorsDoNotRepeatBytesThatAreNoText) {
  for (const auto* text : {"a: \"\\", "a: \"\\\xc3\xa9\"", "a: \"\\\t\r\x85"}) {
    const auto message = fault(text).message;
    EXPECT_EQ(find_invalid_utf8(message), message.size()) << text;
    EXPECT_TRUE(std::none_of(message.begin(), message.end(), is_control)) << text;
  }
}

TEST(YamlTree, OneDocumentOfPlainValuesAndNothingElse) {
  EXPECT_THAT(fault("").message, HasSubstr("empty"));
  EXPECT_THAT(fault("# only words\n").message, HasSubstr("empty"));
  EXPECT_THAT(fault("a: 1\n---\nb: 2\n").message, HasSubstr("second document"));
  EXPECT_THAT(fault("a: !secret x\n").message, HasSubstr("tags"));
  EXPECT_THAT(fault("? {a: 1}\n: x\n").message, HasSubstr("a key must be a word"));
  EXPECT_THAT(fault("a: &x [*x]\n").message, HasSubstr("inside the very value"));
  EXPECT_THAT(fault("a: *nobody\n").message, HasSubstr("not YAML"));
}

TEST(YamlTree, BytesThatAreNoTextAreRefusedWithTheirLine) {
  EXPECT_EQ(fault("a: 1\nb: \xff\n").line, 2);
  EXPECT_THAT(fault("a: \xc0\x80\n").message, HasSubstr("UTF-8"));
  EXPECT_EQ(fault("a: 1\nb: x\x01y\n"s).line, 2);
  EXPECT_THAT(fault("a: x\0y\n"s).message, HasSubstr("control"));
  EXPECT_THAT(fault("\xff\xfe"
                    "a\0:\0 \0b\0"s)
                  .message,
              HasSubstr("UTF-8"));
}

TEST(YamlTree, AnAliasBombCostsNothing) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 40; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    const auto name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [";
    for (int j = 0; j < 10; ++j) bomb += before + (j < 9 ? ", " : "]\n");
  }
  EXPECT_THAT(fault(bomb).message, HasSubstr("more than"));
}

TEST(YamlTree, SizeAndDepthAreCapped) {
  EXPECT_THAT(fault(std::string(kMaxYamlBytes + 1, 'x')).message, HasSubstr("larger than 8 MiB"));
  EXPECT_THAT(fault(std::string(100'000, '[')).message, HasSubstr("deeper"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(fault(deep).message, HasSubstr("deeper"));
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) {
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
             "]\n";
  }
  EXPECT_THAT(fault(chain).message, HasSubstr("deeper"));
  std::string many = "a:\n";
  for (std::size_t i = 0; i <= kMaxYamlValues; ++i) many += " - x\n";
  EXPECT_THAT(fault(many).message, HasSubstr("more than"));
}

}  // namespace
}  // namespace config
