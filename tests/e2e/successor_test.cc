// Two gateways over one ledger, as in an upgrade: the newer serves at once, both keep the same
// budgets, and the newer writes the ledger when the older has gone.

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;

class Successor : public testing::Test {
 protected:
  std::unique_ptr<test::GatewayProcess> start() {
    const std::string text =
        configuration(simulator_.url()) + fmt::format(R"(
ledger: {{database: "{}", journal: "{}"}}
teams:
  - {{name: tests, limits: {{budgets: [{{usd: 0.25, window: total}}]}}}}
)",
                                                      database_, folder_.file("journal"));
    return std::make_unique<test::GatewayProcess>(TOLLGATE_PROGRAM, text);
  }

  static HttpAnswer admin(const test::GatewayProcess& gateway, std::string_view method,
                          std::string_view path, std::string_view body) {
    std::string token = test::read_file(gateway.folder().file("admin.token"));
    token.pop_back();
    test::HttpClient client(gateway.admin_port());
    return client.request(
        method, path, body,
        {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}});
  }

  // A research question: 0.025 USD.
  static unsigned ask(const test::GatewayProcess& gateway, std::string_view key = kKey) {
    test::HttpClient client(gateway.client_port());
    const std::string body =
        R"({"model":"reka-flash-research","messages":[{"role":"user","content":"hello"}]})";
    return client
        .post("/v1/chat/completions", body, {{"Authorization", fmt::format("Bearer {}", key)}})
        .status;
  }
  static std::string metric(const test::GatewayProcess& gateway, const std::string& name) {
    test::HttpClient client(gateway.admin_port());
    const std::string text = client.get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  // What a command of the real program says, ended well.
  std::string told(const std::vector<std::string>& arguments) const {
    const std::string log = folder_.file("told");
    test::ChildProcess command(TOLLGATE_PROGRAM, arguments, {}, log);
    EXPECT_EQ(command.wait(seconds(10)), 0) << command.log();
    return command.log();
  }

  const std::string kSpent =
      R"(tollgate_budget_spent_usd{scope="team",name="tests",window="total"})";

  simulator::Simulator simulator_;
  test::TempDir folder_;
  const std::string database_ = folder_.file("tollgate.db");
};

TEST_F(Successor, KeepsTheSameBudgetAndTakesTheLedgerOver) {
  auto older = start();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(*older), 200U);
  auto newer = start();
  EXPECT_EQ(metric(*newer, "tollgate_ledger_failing"), "1");
  EXPECT_EQ(metric(*newer, kSpent), "0.1");
  // Both serve, and both count what the other one serves.
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(*older), 200U);
  ASSERT_TRUE(test::wait_for(seconds(10), [&] { return metric(*newer, kSpent) == "0.15"; }));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(*newer), 200U);
  EXPECT_EQ(ask(*newer), 429U);
  ASSERT_TRUE(test::wait_for(seconds(10), [&] { return metric(*older, kSpent) == "0.25"; }));
  EXPECT_EQ(ask(*older), 429U);

  EXPECT_EQ(older->stop(), 0) << older->log();
  ASSERT_TRUE(test::wait_for(seconds(10),
                             [&] { return metric(*newer, "tollgate_ledger_failing") == "0"; }));
  EXPECT_EQ(metric(*newer, kSpent), "0.25");
  EXPECT_EQ(ask(*newer), 429U);
  EXPECT_EQ(newer->stop(), 0) << newer->log();
  EXPECT_THAT(told({"usage", "--ledger", database_, "--by", "key", "--format", "csv"}),
              testing::HasSubstr(",0.25,"));
  EXPECT_THAT(told({"ledger", "verify", "--ledger", database_}), testing::HasSubstr("10"));
}

TEST_F(Successor, LosesNothingWhenItIsKilledBesideTheOlder) {
  auto older = start();
  auto newer = start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*newer), 200U);
  newer->process().signal(SIGKILL);
  EXPECT_EQ(newer->process().wait(seconds(10)), 128 + SIGKILL);
  ASSERT_TRUE(test::wait_for(seconds(20), [&] {
    return metric(*older, "tollgate_ledger_records_total") == "3" &&
           metric(*older, kSpent) == "0.075";
  }));
  EXPECT_EQ(older->stop(), 0) << older->log();
}

TEST_F(Successor, KeepsTheLimitsOfAKeyThatTheOlderDeletesWhileItIsInUse) {
  auto older = start();
  auto newer = start();
  const auto status = [&](const std::string& secret) {
    test::HttpClient client(newer->client_port());
    return client.get("/v1/models", {{"Authorization", "Bearer " + secret}}).status;
  };
  const auto made = [&] {
    const auto answer =
        admin(*older, "POST", "/api/keys", R"({"name":"brief","limits":{"rpm":1}})");
    EXPECT_EQ(answer.status, 201U) << answer.body;
    const auto value = simulator::parse_json(answer.body);
    std::string secret(simulator::text_of(value.value().as_object(), "secret"));
    EXPECT_TRUE(test::wait_for(seconds(10), [&] { return status(secret) == 200; }));
    return secret;
  };
  const auto secret = made();
  // Three seconds, all of its one request a minute.
  test::RawClient client(newer->client_port());
  const std::string body = R"({"model":"onprem/slow-20ms,words-150","stream":true,)"
                           R"("messages":[{"role":"user","content":"hi"}]})";
  ASSERT_TRUE(client.send(
      fmt::format("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                  "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  secret, body.size(), body)));
  ASSERT_TRUE(
      test::wait_for(seconds(10), [&] { return simulator_.state().log.totals().requests > 0; }));
  EXPECT_EQ(admin(*older, "DELETE", "/api/keys/brief", "").status, 200U);
  ASSERT_TRUE(test::wait_for(seconds(10), [&] { return status(secret) == 401; }));
  EXPECT_EQ(ask(*newer, made()), 429U) << "the minute's one request of this name is under way";
  EXPECT_TRUE(client.receive());
}

TEST_F(Successor, KnowsTheKeysThatTheOlderMakesAndEndsMeanwhile) {
  auto older = start();
  auto newer = start();
  constexpr std::string_view kLate = R"({"name":"late"})";
  EXPECT_EQ(admin(*newer, "POST", "/api/keys", kLate).status, 503U)
      << "only whoever writes the ledger can";
  const auto made = admin(*older, "POST", "/api/keys", kLate);
  ASSERT_EQ(made.status, 201U) << made.body;
  const auto value = simulator::parse_json(made.body);
  ASSERT_TRUE(value);
  const std::string secret(simulator::text_of(value->as_object(), "secret"));
  const auto becomes = [&](unsigned status) {
    return test::wait_for(seconds(10), [&] {
      test::HttpClient client(newer->client_port());
      return client.get("/v1/models", {{"Authorization", "Bearer " + secret}}).status == status;
    });
  };
  EXPECT_TRUE(becomes(200));
  EXPECT_EQ(admin(*older, "POST", "/api/keys/late/disable", "").status, 200U);
  EXPECT_TRUE(becomes(401));
  EXPECT_EQ(admin(*older, "POST", "/api/keys/late/enable", "").status, 200U);
  EXPECT_EQ(older->stop(), 0) << older->log();
  EXPECT_TRUE(becomes(200));
}

}  // namespace
}  // namespace e2e
