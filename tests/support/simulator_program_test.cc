// The program upstream-simulator, as demos and load tests start it.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

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

// A ledger that outlives the program asks for a receipt by what an earlier run called an answer.
TEST_F(SimulatorProgram, NoRunRepeatsTheIdsOfAnother) {
  std::set<std::string> ids;
  for (const std::vector<std::string>& more :
       {std::vector<std::string>(), std::vector<std::string>(),
        std::vector<std::string>{"--run", "0123abcd"}}) {
    std::filesystem::remove(folder.file("port"));
    std::vector<std::string> arguments{"--port-file", folder.file("port")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ChildProcess program(TOLLGATE_SIMULATOR, arguments, {}, folder.file("log"));
    test::HttpClient client(port_once_ready());
    for (const char* path : {"/openrouter/api/v1/chat/completions", "/reka/v1/chat"}) {
      const auto answer =
          client.post(path, R"({"model":"mock","messages":[{"role":"user","content":"hi"}]})",
                      {{"Authorization", "Bearer sk-any"}, {"Content-Type", "application/json"}});
      ASSERT_EQ(answer.status, 200) << answer.body;
      ids.emplace(parse_json(answer.body)->at("id").as_string());
    }
    EXPECT_EQ(program.stop(), 0);
  }
  EXPECT_EQ(ids.size(), 6U);
  EXPECT_EQ(ids.count("gen-1790000000-0123abcd-1"), 1U);
  EXPECT_EQ(ids.count("0123abcd-5b1e-4f7e-9d8e-000000000002"), 1U);
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
