#include "config/yaml_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/nearest.h"
#include "config/read_scalars.h"
#include "config/yaml_json.h"

namespace config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A text, its tree, and what was wrong with it so far.
struct Read {
  explicit Read(std::string_view text) : tree(std::get<YamlPointer>(parse_yaml(text))) {}

  YamlNode root() { return {reading, *tree, tree->line, ""}; }
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const auto& problem : problems) out.push_back(to_string(problem));
    return out;
  }

  YamlPointer tree;
  Environment environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SECRET") return "hunter2";
    return std::nullopt;
  };
  std::vector<Problem> problems;
  std::set<std::string> asked;
  Reading reading{"t.yaml", environment, problems, &asked};
};

TEST(YamlMap, KeysNobodyAskedForAreReportedWithTheNearestKnownOne) {
  Read read("timeout: 1\nzzz: 2\nname: x\n");
  {
    YamlMap map(read.root());
    map.get("name");
    map.get("timeouts");
  }
  EXPECT_THAT(read.told(),
              ElementsAre("t.yaml:1: timeout: is not a key known here; did you mean \"timeouts\"?",
                          "t.yaml:2: zzz: is not a key known here"));
}

TEST(YamlMap, AKeyWrittenTwiceIsReportedAndTheFirstOneCounts) {
  Read read("a: 1\nb: 2\na: 3\n");
  YamlMap map(read.root());
  EXPECT_EQ(map.get("a").text()->text, "1");
  map.get("b");
  EXPECT_THAT(read.told(),
              ElementsAre("t.yaml:3: a: is written twice; the first stands in line 1"));
}

TEST(YamlMap, MissingKeysAreReportedWhereTheMapStands) {
  Read read("list:\n  - {b: 1}\n");
  YamlMap map(read.root());
  YamlMap item(map.get("list").items().at(0));
  item.get("b");
  EXPECT_FALSE(item.require("a"));
  EXPECT_THAT(read.told(), ElementsAre("t.yaml:2: list[0]: \"a\" is missing"));
}

TEST(YamlMap, RecordsEveryKeyItIsAskedForWithoutIndices) {
  Read read("list: [{a: 1}, {a: 2}]\n");
  YamlMap map(read.root());
  for (const auto& item : map.get("list").items()) YamlMap(item).get("a");
  EXPECT_THAT(read.asked, ElementsAre("list", "list[].a"));
}

TEST(YamlNode, WrongShapesAreNamed) {
  Read read("a: [1]\nb: {c: 1}\nd: x\ne:\n");
  YamlMap map(read.root());
  EXPECT_FALSE(map.get("a").text());
  EXPECT_THAT(map.get("b").items(), IsEmpty());
  YamlMap scalar(map.get("d"));
  EXPECT_FALSE(map.get("e").text());
  EXPECT_THAT(read.told(), ElementsAre("t.yaml:1: a: must be a single value, not a list",
                                       "t.yaml:2: b: must be a list, not a map",
                                       "t.yaml:3: d: must be a map, not a single value",
                                       "t.yaml:4: e: has no value"));
}

TEST(YamlNode, AValueFromTheEnvironmentIsNeverShown) {
  Read read("a: ${SECRET}\n");
  YamlMap map(read.root());
  bool flag = false;
  read_bool(map.get("a"), flag);
  EXPECT_THAT(
      read.told(),
      ElementsAre("t.yaml:1: a: must be true or false, not the value from the environment"));
}

TEST(YamlNode, ProblemsAreBounded) {
  Read read("a: 1\n");
  for (std::size_t i = 0; i < 2 * kMaxProblems; ++i) read.root().problem("again");
  EXPECT_EQ(read.problems.size(), kMaxProblems);
}

template <class T, class Reader>
std::optional<T> scalar(std::string_view text, Reader reader) {
  Read read("a: " + std::string(text) + "\n");
  T out{};
  {
    YamlMap map(read.root());
    reader(map.get("a"), out);
  }
  if (!read.problems.empty()) return std::nullopt;
  return out;
}

TEST(Scalars, DurationsHaveUnits) {
  using std::chrono::milliseconds;
  const auto duration = [](std::string_view text) {
    return scalar<milliseconds>(
        text, [](const YamlNode& node, milliseconds& out) { read_duration(node, out); });
  };
  EXPECT_EQ(duration("500ms"), milliseconds{500});
  EXPECT_EQ(duration("10s"), milliseconds{10'000});
  EXPECT_EQ(duration("\"2m\""), milliseconds{120'000});
  EXPECT_EQ(duration("24h"), milliseconds{86'400'000});
  for (const auto* text : {"10", "s", "1.5s", "-1s", "0s", "25h", "10 s", "10S", "1e3s",
                           "9223372036854775807h", "99999999999999999999s"}) {
    EXPECT_FALSE(duration(text)) << text;
  }
}

TEST(Scalars, SizesHaveUnits) {
  const auto bytes = [](std::string_view text) {
    return scalar<std::size_t>(text, [](const YamlNode& node, std::size_t& out) {
      read_bytes(node, out, 1, 1024 * 1024 * 1024);
    });
  };
  EXPECT_EQ(bytes("16KiB"), 16u * 1024);
  EXPECT_EQ(bytes("32MiB"), 32u * 1024 * 1024);
  EXPECT_EQ(bytes("1GiB"), 1024u * 1024 * 1024);
  EXPECT_EQ(bytes("512B"), 512u);
  for (const auto* text : {"16", "16KB", "0B", "2GiB", "-1B", "16 KiB"}) {
    EXPECT_FALSE(bytes(text)) << text;
  }
}

TEST(Scalars, NumbersAndWordsInQuotesAreText) {
  const auto flag = [](std::string_view text) { return scalar<bool>(text, read_bool); };
  EXPECT_EQ(flag("true"), true);
  EXPECT_FALSE(flag("\"true\""));
  EXPECT_FALSE(flag("yes"));
  EXPECT_FALSE(flag("True"));
  const auto number = [](std::string_view text) {
    return scalar<int>(text, [](const YamlNode& node, int& out) { read_whole(node, out, 1, 9); });
  };
  EXPECT_EQ(number("9"), 9);
  for (const auto* text : {"\"9\"", "10", "0", "1.0", "0x1", "+1", "many"}) {
    EXPECT_FALSE(number(text)) << text;
  }
}

TEST(YamlJson, MapsBecomeMembers) {
  Read read(
      "drop_params: true\nword: \"true\"\nnumber: -1.5e3\noctal: 007\n"
      "list: [1, x, null]\nnested: {quote: 'a\"b\\'}\n");
  EXPECT_EQ(json_members(read.root()),
            R"("drop_params":true,"word":"true","number":-1.5e3,"octal":"007",)"
            R"("list":[1,"x",null],"nested":{"quote":"a\"b\\"})");
  EXPECT_THAT(read.told(), IsEmpty());
  EXPECT_EQ(json_string("a\n\x7f"), R"("a\u000a\u007f")");
}

TEST(Nearest, OnlyWordsThatAreNearAreSuggested) {
  EXPECT_EQ(did_you_mean("listne", {"listen", "workers"}), "; did you mean \"listen\"?");
  EXPECT_EQ(did_you_mean("rmp", {"tpm", "rpm"}), "; did you mean \"rpm\"?") << "a swap is one slip";
  EXPECT_EQ(did_you_mean("xyzzy", {"listen", "workers"}), "");
  EXPECT_EQ(did_you_mean("", {"a"}), "");
  EXPECT_EQ(did_you_mean(std::string(1000, 'a'), {"a"}), "");
}

TEST(Nearest, QuotedWordsStayOnOneLineAndWhole) {
  EXPECT_EQ(in_quotes("a\nb\x1b[0m"), "\"a?b?[0m\"");
  EXPECT_EQ(in_quotes(std::string(79, 'a') + "é"), '"' + std::string(79, 'a') + "…\"");
}

}  // namespace
}  // namespace config
