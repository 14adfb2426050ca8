// Configurations that load and do not do what they seem to.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/config/loading.h"

namespace config {
namespace {

using test::kKeys;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> warnings_of(const std::string& text) {
  std::vector<Problem> warnings;
  auto options = test::options_with();
  options.warnings = &warnings;
  const auto loaded = load_text(text, "t.yaml", options);
  EXPECT_TRUE(std::holds_alternative<Config>(loaded)) << text;
  std::vector<std::string> out;
  out.reserve(warnings.size());
  for (const auto& warning : warnings) out.push_back(to_string(warning));
  return out;
}

// Two targets of "near", each with what is said of it besides.
std::string route(std::string_view settings, std::string_view first = "",
                  std::string_view second = "", std::string_view provider = "") {
  return kKeys + fmt::format(
                     "providers:\n  - {{name: near, kind: openai, base_url: "
                     "\"http://127.0.0.1:9000/v1\"{}}}\n"
                     "models:\n  - name: fast\n{}    targets:\n"
                     "      - {{provider: near, model: m, price: unknown{}}}\n"
                     "      - {{provider: near, model: n, price: unknown{}}}\n",
                     provider, settings, first, second);
}

TEST(Advice, NoneWhereAllIsWell) {
  EXPECT_THAT(warnings_of(test::kSmall), IsEmpty());
  EXPECT_THAT(warnings_of(route("    deadline: 10m\n    hedge: 2s\n")), IsEmpty());
}

TEST(Advice, ATargetThatOutlastsTheDeadlineLeavesNobodyTheirTurn) {
  EXPECT_THAT(
      warnings_of(route("    deadline: 2s\n")),
      ElementsAre("t.yaml:6: models[0].targets[0].timeouts: first_byte (30 s) and whole_answer "
                  "(300 s) are not shorter than the deadline (2 s): where this target says "
                  "nothing, no other is asked"));
  EXPECT_THAT(warnings_of(route("    deadline: 60s\n")),
              ElementsAre(StartsWith(
                  "t.yaml:6: models[0].targets[0].timeouts: whole_answer (300 s) is not shorter")));
  EXPECT_THAT(warnings_of(route("    deadline: 2s\n    order: fastest\n")).size(), 2U)
      << "any may be the first";
  EXPECT_THAT(warnings_of("server: {deadline: 2s}\n" + route("")).size(), 1U);
  for (const std::string_view mended :
       {", timeouts: {first_byte: 1s, whole_answer: 1s}", ", timeouts: {attempt: 1500ms}"}) {
    EXPECT_THAT(warnings_of(route("    deadline: 2s\n", mended)), IsEmpty());
  }
  EXPECT_THAT(warnings_of(route("    deadline: 2s\n    hedge: 1s\n")), IsEmpty());
  EXPECT_THAT(warnings_of(route("    deadline: 2s\n    hedge: p95\n")),
              ElementsAre(testing::EndsWith("no other is asked before its p95 is known")));
  EXPECT_THAT(warnings_of(test::kSmall + "    deadline: 2s\n"), IsEmpty())
      << "nobody else is there";
}

TEST(Advice, SettingsThatDoNotCount) {
  EXPECT_THAT(warnings_of(test::kSmall + "    hedge: p95\n"),
              ElementsAre("t.yaml:6: models[0].hedge: asks a second target, and there is one"));
  EXPECT_THAT(warnings_of(route("", ", weight: 3")),
              ElementsAre("t.yaml:6: models[0].targets: weight counts where order is weighted or "
                          "sticky, and it is in_order"));
  EXPECT_THAT(warnings_of(route("    order: weighted\n", ", weight: 3")), IsEmpty());
  constexpr std::string_view kLong = ", breaker: {open_for: 5m}";
  EXPECT_THAT(warnings_of(route("", "", "", kLong)),
              ElementsAre("t.yaml:4: providers[0].breaker: open_for (300 s) is longer than "
                          "open_at_most (60 s), which counts"));
  EXPECT_THAT(warnings_of(route("", "", kLong)),
              ElementsAre(StartsWith("t.yaml:6: models[0].targets[1].breaker: open_for (300 s)")));
}

TEST(Advice, ATeamThatNobodyIsInButNearly) {
  const auto with = [](std::string_view team) {
    return fmt::format(
        "teams: [{{name: research}}]\nkeys:\n  - {{name: ada, team: {}, sha256: "
        "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3}}\n{}{}",
        team, test::kProviders, test::kModels);
  };
  EXPECT_THAT(warnings_of(with("reserch")),
              ElementsAre("t.yaml:3: keys[0].team: \"reserch\" has no limits under teams:, and no "
                          "key is in a team that has; did you mean \"research\"?"));
  EXPECT_THAT(warnings_of(with("research")), IsEmpty());
  EXPECT_THAT(warnings_of(with("sales")), IsEmpty()) << "keys that are made later may be in one";
}

}  // namespace
}  // namespace config
