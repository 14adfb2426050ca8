// The program upstream-simulator, as demos and load tests start it.

#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/wait_for.h"

namespace simulator {
namespace {

using test::ChildProcess;

class SimulatorProgram : public testing::Test {
 protected:
  std::uint16_t port_once_ready() {
    test::wait_for(std::chrono::seconds(20),
                   [&] { return !test::read_file(folder.file("port")).empty(); });
    return static_cast<std::uint16_t>(std::stoi(test::read_file(folder.file("port"))));
  }

  test::TempDir folder;
};

TEST_F(SimulatorProgram, TellsItsPortAnswersAndEndsOnRequest) {
  ChildProcess program(TOLLGATE_SIMULATOR,
                       {"--port-file", folder.file("port"), "--log", folder.file("requests")}, {},
                       folder.file("log"));
  test::HttpClient client(port_once_ready());
  const auto answer =
      client.post("/onprem/v1/chat/completions",
                  R"({"model":"mock","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(test::wait_for(std::chrono::seconds(10),
                             [&] { return !test::read_file(folder.file("requests")).empty(); }));
  EXPECT_EQ(program.stop(), 0);
  const auto line = parse_json(test::read_file(folder.file("requests")));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->at("target").as_string(), "/onprem/v1/chat/completions");
  EXPECT_EQ(line->at("ended").as_string(), "complete");
}

TEST_F(SimulatorProgram, ListsItsFaults) {
  ChildProcess program(TOLLGATE_SIMULATOR, {"--list-faults"}, {}, folder.file("log"));
  EXPECT_EQ(program.wait(std::chrono::seconds(20)), 0);
  EXPECT_NE(program.log().find("reset-after-<n>"), std::string::npos);
}

TEST_F(SimulatorProgram, RefusesOptionsItDoesNotKnow) {
  ChildProcess program(TOLLGATE_SIMULATOR, {"--nonsense"}, {}, folder.file("log"));
  EXPECT_NE(program.wait(std::chrono::seconds(20)), 0);
}

}  // namespace
}  // namespace simulator
