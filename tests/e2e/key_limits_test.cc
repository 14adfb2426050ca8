// What virtual keys may spend, through the real binary: budgets of keys made while it runs,
// raised, lowered, moved to another team, and over a restart.

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/door_tls.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using simulator::text_of;
using std::chrono::seconds;
using test::wait_for;
using testing::HasSubstr;

// A gateway of each test's own. A request at "each/…" costs 0.025 USD.
class KeyLimits : public testing::Test {
 protected:
  KeyLimits() {
    std::ofstream(file("tollgate.yaml")) << configuration(upstreams_.url()) + R"(
  - {name: "each/*", targets: [{provider: onprem, model: "mock/*", price: {usd_per_request: 0.025}}]}
teams:
  - {name: left, limits: {budgets: [{usd: 100, window: total}]}}
  - {name: right, limits: {budgets: [{usd: 100, window: total}]}}
)";
    start();
  }

  void start() {
    std::filesystem::remove(file("ports"));
    gateway_ = std::make_unique<test::ChildProcess>(
        TOLLGATE_PROGRAM,
        std::vector<std::string>{"serve", "--config", file("tollgate.yaml"), "--port-file",
                                 file("ports")},
        test::Environment{}, file("log"));
    if (!wait_for(seconds(30), [&] { return !test::read_file(file("ports")).empty(); })) {
      throw std::runtime_error(gateway_->log());
    }
    client_port_ = *test::port_in(test::read_file(file("ports")), "client");
    admin_port_ = *test::port_in(test::read_file(file("ports")), "admin");
    test::is_a_door(client_port_);
    test::is_a_door(admin_port_);
  }
  int stop() { return gateway_->stop(); }
  std::string file(const std::string& name) const { return folder_.file(name); }

  HttpAnswer admin(std::string_view method, std::string_view path, std::string_view body = {}) {
    std::string token = test::read_file(file("admin.token"));
    token.pop_back();
    test::HttpClient client(admin_port_);
    return client.request(
        method, path, body,
        {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}});
  }
  std::string make(std::string_view name, std::string_view more) {
    const auto made = admin("POST", "/api/keys", fmt::format(R"({{"name":"{}"{}}})", name, more));
    EXPECT_EQ(made.status, 201U) << made.body;
    const auto secret = std::string(text_of(js::parse(made.body).as_object(), "secret"));
    EXPECT_TRUE(wait_for(seconds(1), [&] {
      test::HttpClient client(client_port_);
      return client.get("/v1/models", bearer(secret)).status == 200;
    }));
    return secret;
  }
  void set(std::string_view name, std::string_view body) {
    const auto done = admin("PATCH", fmt::format("/api/keys/{}", name), body);
    EXPECT_EQ(done.status, 200U) << done.body;
  }
  static HeaderFields bearer(const std::string& secret) {
    return {{"Authorization", "Bearer " + secret}, {"Content-Type", "application/json"}};
  }
  HttpAnswer ask(const std::string& secret) const {
    test::HttpClient client(client_port_);
    return client.request("POST", "/v1/chat/completions", kAsk, bearer(secret));
  }
  // A stream of three seconds; the upstream has it when this returns.
  void begin_slowly(test::RawClient& client, const std::string& secret) {
    const std::string body = R"({"model":"each/slow-20ms,words-150","stream":true,)"
                             R"("messages":[{"role":"user","content":"hi"}]})";
    const auto before = upstreams_.state().log.totals().requests;
    ASSERT_TRUE(client.send(
        fmt::format("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                    "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                    secret, body.size(), body)));
    ASSERT_TRUE(
        wait_for(seconds(5), [&] { return upstreams_.state().log.totals().requests > before; }));
  }
  // What the API says of the key's one budget.
  std::string budget(std::string_view key, std::string_view member) {
    const auto answer = js::parse(admin("GET", fmt::format("/api/keys/{}", key)).body);
    return std::string(
        text_of(answer.at("key").at("budgets").as_array().at(0).as_object(), member));
  }
  std::string metric(const std::string& name) const {
    test::HttpClient client(admin_port_);
    const std::string text = client.get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  std::string spent_of_team(std::string_view team) const {
    return metric(
        fmt::format(R"(tollgate_budget_spent_usd{{scope="team",name="{}",window="total"}})", team));
  }

  static constexpr std::string_view kAsk =
      R"({"model":"each/ok","messages":[{"role":"user","content":"hello"}]})";

  simulator::Simulator upstreams_;
  const test::TempDir folder_;
  std::unique_ptr<test::ChildProcess> gateway_;
  std::uint16_t client_port_ = 0;
  std::uint16_t admin_port_ = 0;
};

TEST_F(KeyLimits, G10_ABudgetRaisedOrLoweredCountsFromTheNextRequest) {
  const auto secret = make("ada", R"(,"budgets":[{"window":"total","limit":"0.05"}])");
  EXPECT_EQ(ask(secret).status, 200U);
  EXPECT_EQ(ask(secret).status, 200U);
  const auto refused = ask(secret);
  EXPECT_EQ(refused.status, 429U);
  EXPECT_THAT(refused.body, HasSubstr("insufficient_quota"));
  EXPECT_EQ(budget("ada", "limit"), "0.05");
  EXPECT_EQ(budget("ada", "spent"), "0.05");
  EXPECT_EQ(budget("ada", "held"), "0");

  set("ada", R"({"budgets":[{"window":"total","limit":"0.1"}]})");
  EXPECT_EQ(ask(secret).status, 200U) << "raised";
  set("ada", R"({"budgets":[{"window":"total","limit":"0.06"}]})");
  EXPECT_EQ(ask(secret).status, 429U) << "lowered below what is spent";
  EXPECT_EQ(budget("ada", "spent"), "0.075");
  set("ada", R"({"budgets":[]})");
  EXPECT_EQ(ask(secret).status, 200U) << "without any";
  set("ada", R"({"limits":{"rpm":1}})");
  EXPECT_EQ(ask(secret).status, 200U);
  EXPECT_EQ(ask(secret).status, 429U) << "a rate";
}

TEST_F(KeyLimits, G10_WhileRequestsRunNoBudgetIsPassedOrLost) {
  const auto secret =
      make("busy", R"(,"team":"left","budgets":[{"window":"total","limit":"0.1"}])");
  std::atomic<bool> enough{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] {
      while (!enough) answered += ask(secret).status == 200 ? 1 : 0;
    });
  }
  // Up by two requests at a time, and to another team and back meanwhile.
  for (int most = 4; most <= 20; most += 2) {
    set("busy", fmt::format(R"({{"team":"{}","budgets":[{{"window":"total","limit":"{:.3f}"}}]}})",
                            most % 4 == 0 ? "left" : "right", most * 0.025));
    EXPECT_TRUE(wait_for(seconds(10), [&] { return answered == most; })) << most << answered;
  }
  // Down: what was spent stays, and nothing more is.
  set("busy", R"({"budgets":[{"window":"total","limit":"0.025"}]})");
  const auto before = upstreams_.state().log.totals().requests;
  EXPECT_EQ(ask(secret).status, 429U);
  enough = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(upstreams_.state().log.totals().requests, before);
  EXPECT_EQ(budget("busy", "spent"), "0.5");
  EXPECT_EQ(budget("busy", "held"), "0");
  EXPECT_DOUBLE_EQ(std::stod(spent_of_team("left")) + std::stod(spent_of_team("right")), 0.5);
}

TEST_F(KeyLimits, G10_ARequestUnderWayIsTheTeamsItBeganIn) {
  const auto secret = make("mover", R"(,"team":"left")");
  test::RawClient client(client_port_);
  begin_slowly(client, secret);
  set("mover", R"({"team":"right"})");
  const auto stream = client.receive();
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->status, 200U);
  EXPECT_EQ(spent_of_team("left"), "0.025");
  EXPECT_EQ(spent_of_team("right"), "0");
  EXPECT_EQ(ask(secret).status, 200U);
  EXPECT_EQ(spent_of_team("left"), "0.025");
  EXPECT_EQ(spent_of_team("right"), "0.025");
}

TEST_F(KeyLimits, ABudgetOutlivesTheGatewayAndTheKeyOfItsName) {
  auto secret = make("ada", R"(,"budgets":[{"window":"total","limit":"0.05"}])");
  EXPECT_EQ(ask(secret).status, 200U);
  EXPECT_EQ(stop(), 0) << gateway_->log();
  start();
  EXPECT_EQ(budget("ada", "spent"), "0.025");
  EXPECT_EQ(ask(secret).status, 200U);
  EXPECT_EQ(ask(secret).status, 429U);
  // Spent is recorded under the name: whoever bears it next begins there.
  EXPECT_EQ(admin("DELETE", "/api/keys/ada").status, 200U);
  secret = make("ada", R"(,"budgets":[{"window":"total","limit":"0.06"}])");
  EXPECT_EQ(budget("ada", "spent"), "0.05");
  EXPECT_EQ(ask(secret).status, 429U);
}

TEST_F(KeyLimits, WhatADeletedKeyHasUnderWayKeepsItsLimits) {
  const auto secret = make("brief", R"(,"limits":{"concurrent":1})");
  test::RawClient client(client_port_);
  begin_slowly(client, secret);
  EXPECT_EQ(admin("DELETE", "/api/keys/brief").status, 200U);
  const auto again = make("brief", R"(,"limits":{"concurrent":1})");
  EXPECT_EQ(ask(again).status, 429U) << "the one place of this name is taken";
  const auto stream = client.receive();
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->status, 200U);
  EXPECT_TRUE(wait_for(seconds(2), [&] { return ask(again).status == 200; }));
}

}  // namespace
}  // namespace e2e
