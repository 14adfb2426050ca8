#include "tests/support/child_process.h"

#include <csignal>

#include <gtest/gtest.h>

#include "tests/support/gateway_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_for.h"

namespace test {
namespace {

TEST(ChildProcess, RunsWithItsOwnEnvironmentAndLog) {
  const TempDir folder;
  ChildProcess child("/bin/sh", {"-c", "echo said $WORD; echo cried >&2; exit 3"},
                     {{"WORD", "hello"}}, folder.file("log"));
  EXPECT_EQ(child.wait(std::chrono::seconds(5)), 3);
  EXPECT_EQ(child.log(), "said hello\ncried\n");
}

TEST(ChildProcess, EndsOnRequestAndIsKilledWhenDeaf) {
  const TempDir folder;
  ChildProcess willing("/bin/sh",
                       {"-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done"}, {},
                       folder.file("willing"));
  ASSERT_TRUE(wait_for(std::chrono::seconds(5), [&] { return willing.log() == "up\n"; }));
  EXPECT_EQ(willing.stop(), 5);

  ChildProcess deaf("/bin/sh", {"-c", "trap '' TERM; echo up; while :; do sleep 0.01; done"}, {},
                    folder.file("deaf"));
  ASSERT_TRUE(wait_for(std::chrono::seconds(5), [&] { return deaf.log() == "up\n"; }));
  EXPECT_EQ(deaf.stop(std::chrono::milliseconds(50)), 128 + SIGKILL);
}

TEST(ChildProcess, SaysWhenThereIsNoSuchProgram) {
  const TempDir folder;
  EXPECT_ANY_THROW(ChildProcess("/no/such/program", {}, {}, folder.file("log")));
}

TEST(PortFile, IsReadByName) {
  EXPECT_EQ(port_in("client=8080\nadmin=8081\n", "client"), 8080);
  EXPECT_EQ(port_in("client=8080\nadmin=8081\n", "admin"), 8081);
  EXPECT_FALSE(port_in("client=8080\n", "admin"));
  EXPECT_FALSE(port_in("client=eighty\n", "client"));
  EXPECT_FALSE(port_in("", "client"));
}

TEST(GatewayProcess, ShowsTheLogOfAProgramThatDoesNotStart) {
  try {
    const GatewayProcess gateway("/bin/false", "");
    FAIL() << "it started";
  } catch (const std::exception& problem) {
    EXPECT_NE(std::string(problem.what()).find("did not start"), std::string::npos);
  }
}

}  // namespace
}  // namespace test
