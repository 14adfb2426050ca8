// `tollgate models` against the simulated providers.

#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/child_process.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Models : public Gateway {
 protected:
  void TearDown() override { upstream().reset(); }

  struct Run {
    int status = -1;
    std::string printed;
  };
  static Run models() {
    const test::TempDir folder;
    const auto config = folder.file("tollgate.yaml");
    std::ofstream(config) << configuration(upstream_url());
    test::ChildProcess program(TOLLGATE_PROGRAM, {"models", "--config", config}, {},
                               folder.file("log"));
    const auto status = program.wait(seconds(10));
    return {status.value_or(-1), program.log()};
  }
};

TEST_F(Models, EveryProviderIsAskedWithItsKey) {
  const auto run = models();
  EXPECT_EQ(run.status, 0) << run.printed;
  EXPECT_THAT(run.printed,
              AllOf(HasSubstr("haimaker: "), HasSubstr("onprem: "), HasSubstr("openrouter: "),
                    HasSubstr("reka: "), ContainsRegex("\\* rekaai/reka-edge "),
                    Not(HasSubstr("openai/*"))));
}

TEST_F(Models, BothShapesOfRekasListSayTheSame) {
  upstream().give(
      {.dialect = "reka", .model = "*", .times = -1, .faults = {"models-bare"}, .script = nullptr});
  const auto bare = models();
  upstream().reset();
  const auto object = models();
  for (const auto& run : {bare, object}) {
    EXPECT_EQ(run.status, 0);
    EXPECT_THAT(run.printed, ContainsRegex("\\* reka-flash-3 ")) << run.printed;
  }
}

TEST_F(Models, OneThatRefusesIsNamedAndTheOthersAreListed) {
  upstream().expect_keys("haimaker", {"another"});
  const auto run = models();
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(
      run.printed,
      AllOf(HasSubstr("haimaker: The list was refused. (GET /haimaker/v1/models answered 401)"),
            HasSubstr("reka: ")));
}

}  // namespace
}  // namespace e2e
