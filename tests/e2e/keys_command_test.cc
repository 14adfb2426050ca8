// `tollgate keys`, with a gateway and without one.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/e2e/keys_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/door_tls.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using test::wait_for;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The command line, run to its end.
class KeysCommand : public Keys {
 protected:
  struct Run {
    int status;
    std::string output;
  };
  static Run run(std::vector<std::string> arguments, const std::string& config) {
    const test::TempDir folder;
    arguments.insert(arguments.begin(), "keys");
    arguments.insert(arguments.end(), {"--config", config});
    test::ChildProcess process(TOLLGATE_PROGRAM, arguments, {}, folder.file("output"));
    const int status = process.wait(seconds(20)).value_or(-1);
    return {status, process.log()};
  }
  static std::string last_line(const std::string& output) {
    const auto end = output.find_last_not_of('\n') + 1;
    return output.substr(output.rfind('\n', end - 1) + 1, end - output.rfind('\n', end - 1) - 1);
  }
  static std::string config() { return gateway().folder().file("tollgate.yaml"); }
};

TEST_F(KeysCommand, SaysWhichTokenTheGatewayRefusesAndWhy) {
  const test::TempDir tokens;
  const auto write = [&](const char* name, const char* token) {
    const auto path = tokens.file(name);
    std::ofstream(path) << token;
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    return path;
  };
  const auto viewer = write("viewer.token", "a-token-for-who-may-only-read");
  const auto strange = write("strange.token", "a-token-that-it-has-never-seen");
  const std::string listen = "admin: {listen: \"127.0.0.1:0\"";
  const auto with = [&](std::string text, const std::string& more) {
    return text.insert(text.find(listen) + listen.size(), more);
  };
  const std::string config = configuration("http://127.0.0.1:1");
  ASSERT_NE(config.find(listen), std::string::npos) << config;
  const test::GatewayProcess open(TOLLGATE_PROGRAM,
                                  with(config, fmt::format(", viewer_token_file: \"{}\"", viewer)));
  // Beside its own, so that they name its ledger.
  const auto another = open.folder().file("another.yaml");
  const auto refused = [&](const std::string& token) {
    std::ofstream(another) << with(config, fmt::format(", token_file: \"{}\"", token));
    const auto said = run({"create", "nobody"}, another);
    EXPECT_EQ(said.status, 1);
    return said.output;
  };
  EXPECT_THAT(refused(strange),
              testing::AllOf(HasSubstr("not valid. It was read from " + strange + " (`admin."),
                             HasSubstr("start it again.")));
  EXPECT_THAT(refused(viewer),
              testing::AllOf(HasSubstr("change nothing. It was read from " + viewer + ":"),
                             HasSubstr("`admin.token_file`")));
}

TEST_F(KeysCommand, WorksThroughTheGatewayThatRuns) {
  const auto made = run({"create", "by-hand", "--team", "ops", "--rpm", "60", "--budget",
                         "100/month@Europe/Berlin", "--expires", "30d"},
                        config());
  ASSERT_EQ(made.status, 0) << made.output;
  const auto secret = last_line(made.output);
  EXPECT_THAT(secret, testing::StartsWith("sk-tg-"));
  EXPECT_TRUE(becomes(secret, 200)) << "without a restart";
  EXPECT_THAT(made.output, HasSubstr("$0 of $100 a month in Europe/Berlin"));

  const auto list = run({"list"}, config());
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.output, HasSubstr("by-hand"));
  EXPECT_THAT(list.output, HasSubstr("tester"));
  EXPECT_THAT(list.output, Not(HasSubstr(secret)));
  EXPECT_THAT(run({"list", "--json"}, config()).output, HasSubstr("\n{\"as_of\":"));
  EXPECT_THAT(run({"show", "by-hand"}, config()).output, HasSubstr("ops"));

  const auto rotated = run({"rotate", "by-hand", "--overlap", "0"}, config());
  ASSERT_EQ(rotated.status, 0) << rotated.output;
  EXPECT_TRUE(becomes(last_line(rotated.output), 200));
  EXPECT_TRUE(becomes(secret, 401));
  EXPECT_EQ(run({"disable", "by-hand"}, config()).status, 0);
  EXPECT_TRUE(becomes(last_line(rotated.output), 401));
  EXPECT_EQ(run({"enable", "by-hand"}, config()).status, 0);
  EXPECT_TRUE(becomes(last_line(rotated.output), 200));
  const auto set = run({"set", "by-hand", "--budget", "250/month", "--rpm", "0"}, config());
  EXPECT_THAT(set.output, HasSubstr(" of $250 a month"));
  EXPECT_THAT(set.output, HasSubstr("ops")) << "what is not named stays";
  EXPECT_EQ(run({"delete", "by-hand"}, config()).status, 0);
  EXPECT_TRUE(becomes(last_line(rotated.output), 401));
  EXPECT_THAT(admin("GET", "/api/audit?limit=1").body, HasSubstr("admin (cli "));
  EXPECT_THAT(run({"audit", "--limit", "2"}, config()).output,
              testing::AllOf(HasSubstr("rpm 60 → -"),
                             HasSubstr("budgets $100 a month in Europe/Berlin → $250 a month")));
  EXPECT_THAT(run({"audit"}, config()).output, HasSubstr("team ops"));
  const auto audit = run({"audit", "--limit", "2"}, config());
  EXPECT_THAT(audit.output, AllOf(HasSubstr("delete"), HasSubstr("change"), HasSubstr("by-hand"),
                                  Not(HasSubstr("rotate"))));
}

TEST_F(KeysCommand, NoneTakesTagsAndBudgetsAway) {
  const auto shown = [] { return run({"show", "tagged", "--json"}, config()).output; };
  const auto made =
      run({"create", "tagged", "--tag", "eu", "--tag", "person", "--budget", "5/day"}, config());
  ASSERT_EQ(made.status, 0) << made.output;
  EXPECT_THAT(shown(), HasSubstr(R"("tags":["eu","person"])"));
  EXPECT_EQ(run({"set", "tagged", "--tag", "none"}, config()).status, 0);
  EXPECT_THAT(shown(), AllOf(HasSubstr(R"("tags":[])"), HasSubstr(R"("limit":"5")")));
  EXPECT_EQ(run({"set", "tagged", "--tag", "us", "--budget", "none"}, config()).status, 0);
  EXPECT_THAT(shown(), AllOf(HasSubstr(R"("tags":["us"])"), HasSubstr(R"("budgets":[])")));
}

TEST_F(KeysCommand, WorksWithoutAGatewayAndTheNextOneKnowsTheKey) {
  simulator::Simulator upstreams;
  const test::TempDir folder;
  const auto config = folder.file("tollgate.yaml");
  std::ofstream(config) << configuration(upstreams.url());
  const auto made = run({"create", "before-start", "--model", "rekaai/reka-edge"}, config);
  ASSERT_EQ(made.status, 0) << made.output;
  const auto secret = last_line(made.output);
  EXPECT_THAT(run({"list"}, config).output, HasSubstr("before-start"));

  const auto ports = folder.file("ports");
  test::ChildProcess process(TOLLGATE_PROGRAM, {"serve", "--config", config, "--port-file", ports},
                             {}, folder.file("log"));
  ASSERT_TRUE(wait_for(seconds(30), [&] { return !test::read_file(ports).empty(); }))
      << process.log();
  const auto port = test::port_in(test::read_file(ports), "client").value_or(0);
  test::is_a_door(port);
  test::HttpClient client(port);
  EXPECT_EQ(client.get("/v1/models", {{"Authorization", "Bearer " + secret}}).status, 200U);
  EXPECT_THAT(run({"show", "before-start"}, config).output, HasSubstr("rekaai/reka-edge"))
      << "now through the gateway";
  EXPECT_EQ(process.stop(), 0) << process.log();
  EXPECT_FALSE(std::filesystem::exists(folder.file("tollgate.db.gateway")));
  EXPECT_EQ(run({"delete", "before-start"}, config).status, 0) << "and without it again";
  EXPECT_THAT(run({"audit"}, config).output,
              testing::AllOf(HasSubstr("create"), HasSubstr("delete"), HasSubstr("before-start")));
}

TEST_F(KeysCommand, ShowsWhatIsHeldAndWhatWasDoneToNoKey) {
  const auto made = run({"create", "holds", "--budget", "5/day"}, config());
  ASSERT_EQ(made.status, 0) << made.output;
  EXPECT_THAT(made.output, Not(HasSubstr("held"))) << "nothing is";
  test::RawClient under_way(gateway().client_port());
  ASSERT_TRUE(under_way.send(chat_request(last_line(made.output),
                                          chat_body("onprem/stall-after-2", R"(,"stream":true)"))));
  EXPECT_TRUE(wait_for(kLive, [] {
    return run({"list"}, config()).output.find(" a day, $0.0") != std::string::npos;
  }));
  EXPECT_THAT(run({"show", "holds"}, config()).output,
              testing::ContainsRegex(R"(\$0 of \$5 a day, \$0\.[0-9]+ held)"));

  ASSERT_EQ(admin("POST", "/api/reconcile", R"({"all":true,"format":"json"})").status, 200U);
  EXPECT_THAT(run({"audit", "--limit", "1"}, config()).output,
              testing::ContainsRegex(R"(reconcile +ledger )"));
}

TEST_F(KeysCommand, SettingNothingIsNoChange) {
  ASSERT_EQ(run({"create", "steady", "--rpm", "60"}, config()).status, 0);
  const auto nothing = run({"set", "steady"}, config());
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(nothing.output, HasSubstr("Nothing to change"));
  EXPECT_EQ(run({"set", "steady", "--rpm", "60"}, config()).status, 0) << "as it is";
  EXPECT_THAT(run({"show", "steady", "--json"}, config()).output, HasSubstr(R"("version":1)"));
}

TEST_F(KeysCommand, SaysWhatIsWrong) {
  const auto unknown = run({"show", "nobody"}, config());
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.output, HasSubstr("There is no key `nobody`"));
  const auto taken = run({"create", "tester"}, config());
  EXPECT_EQ(taken.status, 1);
  EXPECT_THAT(taken.output, HasSubstr("configuration file has a key named `tester`"));
  const auto slash = run({"create", "a/b"}, config());
  EXPECT_EQ(slash.status, 1);
  EXPECT_THAT(slash.output, HasSubstr("`name` cannot be \"a/b\": one line of at most 128 bytes"));
  const auto no_window = run({"create", "x", "--budget", "0.01@UTC"}, config());
  EXPECT_EQ(no_window.status, 2);
  EXPECT_THAT(no_window.output,
              HasSubstr("--budget 0.01@UTC: the window is missing: write 0.01/month (or"));
  EXPECT_EQ(run({"create", "x", "--expires", "soon"}, config()).status, 2);
  const auto past = run({"create", "x", "--expires", "2020-01-01T00:00:00Z"}, config());
  EXPECT_EQ(past.status, 1);
  EXPECT_THAT(past.output, HasSubstr("`expires_at` has passed"));
  const auto typo = run({"create", "x", "--model", "rekaai/reka-egde"}, config());
  EXPECT_THAT(typo.output, HasSubstr("did you mean \"rekaai/reka-edge\"?\n"));
  EXPECT_EQ(run({"rotate", "x", "--overlap", "soon"}, config()).status, 2);
  EXPECT_EQ(run({"list"}, "/nowhere.yaml").status, 2);
  EXPECT_EQ(run({"frobnicate"}, config()).status, 2);
}

}  // namespace
}  // namespace e2e
