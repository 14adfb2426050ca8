// What `tollgate` says to somebody who typed a command wrong: which word, and what it may have
// been.

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Said {
  int status;
  std::string text;
};

Said said_to(const std::vector<std::string>& arguments) {
  const test::TempDir folder;
  test::ChildProcess process(TOLLGATE_PROGRAM, arguments, {}, folder.file("output"));
  const int status = process.wait(std::chrono::seconds(20)).value_or(-1);
  return {status, process.log()};
}

TEST(CommandLine, TheWordThatWasNotUnderstoodIsNamed) {
  struct Case {
    std::vector<std::string> arguments;
    std::string answer;
  };
  const Case cases[] = {
      {{"usge"}, "\"usge\" is not known to \"tollgate\"; did you mean \"usage\"?"},
      {{"--hlp"}, "\"--hlp\" is not an option of \"tollgate\"; did you mean \"--help\"?"},
      {{"usage", "--ledgr", "x"},
       "\"--ledgr\" is not an option of \"tollgate usage\"; did you mean \"--ledger\"?"},
      {{"usage", "--ledger=x", "--formt=csv"},
       "\"--formt\" is not an option of \"tollgate usage\"; did you mean \"--format\"?"},
      {{"ledger", "verfy"},
       "\"verfy\" is not known to \"tollgate ledger\"; did you mean \"verify\"?"},
      {{"keys", "create", "ada", "--confg", "x"},
       "\"--confg\" is not an option of \"tollgate keys create\"; did you mean \"--config\"?"},
      {{"check", "--config", "x", "more"}, "\"more\" is not known to \"tollgate check\"\n"},
  };
  for (const Case& one : cases) {
    const Said said = said_to(one.arguments);
    EXPECT_EQ(said.status, 2) << one.answer;
    EXPECT_THAT(said.text, HasSubstr(one.answer));
  }
}

TEST(CommandLine, WhatIsMissingIsNamed) {
  const Said said = said_to({"usage"});
  EXPECT_EQ(said.status, 2);
  EXPECT_THAT(said.text, HasSubstr("Exactly 1 option from [-c,--config,--ledger] is required"));
  EXPECT_EQ(said_to({"--help"}).status, 0);
}

TEST(CommandLine, ALedgerThatIsNoneIsToldWithoutWhatSqliteWasDoing) {
  const Said missing = said_to({"usage", "--ledger", "/nowhere/tollgate.db"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.text, HasSubstr("the ledger /nowhere/tollgate.db: there is none; a gateway "
                                      "makes it when it first starts"));
  const test::TempDir folder;
  const std::string other = folder.file("notes.md");
  std::ofstream(other) << "# Not a ledger, though long enough to be looked at as one.\n"
                       << std::string(4'096, '-');
  const Said foreign = said_to({"usage", "--ledger", other});
  EXPECT_EQ(foreign.status, 2);
  EXPECT_THAT(foreign.text, testing::AllOf(HasSubstr("notes.md: file is not a database"),
                                           Not(HasSubstr("PRAGMA"))));
}

TEST(CommandLine, AReportThatCannotBeIsToldWithEveryChoice) {
  const Said said = said_to({"usage", "--ledger", "/nowhere/tollgate.db", "--by", "taem"});
  EXPECT_EQ(said.status, 2);
  EXPECT_THAT(said.text, testing::AllOf(HasSubstr("provider"), HasSubstr("hour"), HasSubstr("week"),
                                        HasSubstr("'taem'")));
  const std::string steps = "hour, day, week, month";
  EXPECT_EQ(said.text.find(steps), said.text.rfind(steps)) << said.text;
  EXPECT_THAT(said.text, Not(HasSubstr("beside")));
}

TEST(CommandLine, AReportHasOneStepOfTime) {
  const Said said = said_to({"usage", "--ledger", "/nowhere/tollgate.db", "--by", "team,day,hour"});
  EXPECT_EQ(said.status, 2);
  EXPECT_THAT(said.text,
              HasSubstr("--by takes one of hour, day, week and month, not day and hour."));
}

}  // namespace
}  // namespace e2e
