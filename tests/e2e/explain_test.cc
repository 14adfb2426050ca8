// `tollgate explain` says on the command line what x-tollgate-dry-run says at the door.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

class Explain : public Gateway {
 protected:
  static void SetUpTestSuite() {
    start_with(Additions{.server = "",
                         .sections = R"(
teams:
  - {name: tests, limits: {budgets: [{usd: 1, window: total}]}}
)",
                         .keys = "",
                         .models = ""});
    keep_private(gateway().folder().file("tollgate.yaml"));
  }
  // Else every subcommand begins with warnings.
  static void keep_private(const std::string& file) {
    using std::filesystem::perms;
    std::filesystem::permissions(file, perms::owner_read | perms::owner_write);
  }

  struct Run {
    int status = -1;
    std::string printed;
  };
  static Run explain(std::vector<std::string> arguments) {
    const test::TempDir folder;
    arguments.insert(arguments.begin(), {"explain", "--config"});
    arguments.insert(arguments.begin() + 2, gateway().folder().file("tollgate.yaml"));
    test::ChildProcess program(TOLLGATE_PROGRAM, arguments, {}, folder.file("log"));
    const auto status = program.wait(seconds(30));
    return {status.value_or(-1), program.log()};
  }
  static js::object object(std::string_view text) {
    auto value = simulator::parse_json(text);
    EXPECT_TRUE(value && value->is_object()) << text;
    return value && value->is_object() ? value->get_object() : js::object();
  }
};

TEST_F(Explain, TheAnswerIsTheDryRunsOwn) {
  const std::string body = chat_body("failover/ok", R"(,"max_tokens":1000)");
  ASSERT_EQ(chat("openrouter/ok").status, 200);
  const auto dry = [&] {
    return object(post("/v1/chat/completions", body, {{"x-tollgate-dry-run", "true"}}).body);
  };
  const test::TempDir folder;
  std::ofstream(folder.file("body.json")) << body;
  const auto cli = [&] {
    return object(
        explain({"--key", "tester", "--body", folder.file("body.json"), "--format", "json"})
            .printed);
  };
  const auto before = upstream().log.totals().requests;
  // The ledger is a moment behind what the gateway knows.
  EXPECT_TRUE(test::wait_for(seconds(20), [&] { return cli() == dry(); }))
      << js::serialize(cli()) << "\n"
      << js::serialize(dry());
  EXPECT_NE(cli().at("budgets").as_array().at(0).at("spent").as_string(), "0");
  EXPECT_EQ(upstream().log.totals().requests, before) << "nobody is asked";
}

TEST_F(Explain, ForReadersItIsATable) {
  const auto run = explain({"--key", "tester", "--model", "failover/ok"});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.printed, AllOf(HasSubstr("1. openrouter/mock/*: asked first"),
                                 HasSubstr("2. haimaker/mock/ok: asked if those before it fail"),
                                 HasSubstr("likely"), HasSubstr("team tests, total: ")));
}

TEST_F(Explain, WhereNobodyWouldAnswerTheStatusSaysSo) {
  const test::TempDir folder;
  std::ofstream(folder.file("body.json"))
      << chat_body("failover/ok", R"(,"max_completion_tokens":1000000000)");
  const auto run = explain({"--key", "tester", "--body", folder.file("body.json")});
  EXPECT_EQ(run.status, 1) << run.printed;
  EXPECT_THAT(run.printed, HasSubstr("Nobody would answer this request."));
  EXPECT_THAT(run.printed, testing::Not(HasSubstr("unknown held")));
}

TEST_F(Explain, AKeyThatMayNotAndOneThatIsNoneAreTold) {
  const auto forbidden = explain({"--key", "narrow", "--model", "failover/ok"});
  EXPECT_EQ(forbidden.status, 1);
  EXPECT_THAT(forbidden.printed, HasSubstr("failover/ok"));
  const auto unknown = explain({"--key", "nobody", "--model", "failover/ok"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.printed, HasSubstr("no key is named 'nobody'"));
  EXPECT_EQ(explain({"--key", "tester"}).status, 2) << "of what?";
  const auto nobody = explain({"--model", "failover/ok"});
  EXPECT_EQ(nobody.status, 2);
  EXPECT_THAT(nobody.printed, HasSubstr("--key NAME"));
}

TEST_F(Explain, AStoredKeyIsFoundAndOneThatIsOffIsSaidToBe) {
  std::string token = test::read_file(gateway().folder().file("admin.token"));
  token.pop_back();
  const HeaderFields admin{{"Authorization", "Bearer " + token},
                           {"Content-Type", "application/json"}};
  test::HttpClient client(gateway().admin_port());
  ASSERT_EQ(client.post("/api/keys", R"({"name":"kept"})", admin).status, 201U);
  const auto served = explain({"--key", "kept", "--model", "failover/ok"});
  EXPECT_EQ(served.status, 0) << served.printed;
  EXPECT_THAT(served.printed, HasSubstr("asked first"));
  ASSERT_EQ(client.post("/api/keys/kept/disable", "", admin).status, 200U);
  const auto off = explain({"--key", "kept", "--model", "failover/ok"});
  EXPECT_EQ(off.status, 2);
  EXPECT_THAT(off.printed, HasSubstr("the key kept is disabled"));
}

}  // namespace
}  // namespace e2e
