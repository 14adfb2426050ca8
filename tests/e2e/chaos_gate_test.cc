// The gateway behind a network that slices, delays, stalls, corrupts, resets and cuts
// (tests/support/chaos_gate), plain and with TLS towards the upstream: no client takes a
// broken answer for a whole one, nobody waits for ever, and the ledger says the same.

#include "tests/support/chaos_gate/chaos_gate.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/test_certificates.h"

namespace e2e {
namespace {

using Fault = test::ChaosPlan::Fault;
using Way = test::ChaosPlan::Way;
using std::chrono::milliseconds;

// What a client was told, in the ledger's words.
enum class Told { whole, broken, refused };

constexpr std::string_view kProvider = R"(
  - {{name: chaos, kind: openai, base_url: "{base}/onprem/v1", ca_file: "{ca}",
     breaker: {{failures_in_a_row: 0, failure_share: 0}},
     timeouts: {{connect: 2s, tls: 2s, first_byte: 700ms, first_content: 700ms, whole_answer: 700ms,
                idle: 700ms}}}})";
constexpr std::string_view kModel = R"(  - {name: chaos, targets: [{provider: chaos, model: mock/ok,
     price: {usd_per_million_input: 0.10, usd_per_million_output: 0.20}}]}
)";

class ChaosGate : public testing::TestWithParam<bool> {
 protected:
  bool tls() const { return GetParam(); }

  simulator::Options options() {
    simulator::Options out;
    if (!tls()) return out;
    const auto ours = certificates_.issue("127.0.0.1");
    out.certificate_file = ours.certificate_file;
    out.key_file = ours.key_file;
    return out;
  }

  std::string config() {
    std::string text = configuration("http://127.0.0.1:1");
    const auto base = fmt::format("{}://127.0.0.1:{}", tls() ? "https" : "http", gate_.port());
    const auto provider = fmt::format(fmt::runtime(kProvider), fmt::arg("base", base),
                                      fmt::arg("ca", tls() ? certificates_.ca_file() : ""));
    constexpr std::string_view kProviders = "\nproviders:";
    text.insert(text.find(kProviders) + kProviders.size(), provider);
    return text + std::string(kModel);
  }

  // One request over a connection with this plan. Adds test failures where the client could
  // take for whole what is not.
  Told ask(const test::ChaosPlan& plan, bool streamed) {
    SCOPED_TRACE(to_string(plan) + (streamed ? ", streamed" : ", whole"));
    gate_.plan(plan);
    test::HttpClient client(gateway_.client_port(), std::chrono::seconds(20));
    const std::string body = fmt::format(
        R"({{"model":"chaos","messages":[{{"role":"user","content":"hello"}}],"stream":{}}})",
        streamed);
    // Throws where it does not end, or ends in the middle of HTTP.
    auto answer = client.post("/v1/chat/completions", body,
                              {{"Authorization", "Bearer " + std::string(kKey)}});
    // Plain TCP does not notice a byte that is another.
    const bool exact = tls() || plan.fault != Fault::corrupt;
    const std::string request = answer.header("x-request-id");
    const Told told = streamed ? judge_stream(std::move(answer), exact) : judge(answer, exact);
    told_[request] = told;
    if (plan.fault == Fault::none || plan.fault == Fault::slice || plan.fault == Fault::delay) {
      EXPECT_EQ(told, Told::whole) << "nothing was lost";
    }
    return told;
  }

  static Told judge(const HttpAnswer& answer, bool exact) {
    const auto json = simulator::parse_json(answer.body);
    EXPECT_TRUE(json && json->is_object()) << answer.body;
    if (!json || !json->is_object()) return Told::refused;
    const auto& object = json->get_object();
    if (answer.status != 200) {
      EXPECT_TRUE(object.contains("error")) << answer.body;
      return Told::refused;
    }
    if (exact) {
      const auto& choice = object.at("choices").at(0);
      EXPECT_EQ(choice.at("message").at("content").as_string(), kHello);
      EXPECT_EQ(choice.at("finish_reason").as_string(), "stop");
    }
    return Told::whole;
  }

  static Told judge_stream(HttpAnswer answer, bool exact) {
    if (answer.status != 200) return judge(answer, exact);
    const Stream stream = taken_apart(std::move(answer));
    EXPECT_NE(stream.done, stream.error().has_value()) << "one of them, and never both";
    if (!stream.done) {
      if (exact) EXPECT_TRUE(kHello.starts_with(stream.text())) << stream.text();
      return stream.text().empty() ? Told::refused : Told::broken;
    }
    if (exact) {
      expect_sound(stream);
      EXPECT_EQ(stream.text(), kHello);
      EXPECT_EQ(stream.finish(), "stop");
    }
    return Told::whole;
  }

  // Once all is over: the last attempt of each request has the outcome that its client was told.
  void expect_the_ledger_agrees() {
    EXPECT_EQ(gateway_.stop(), 0) << gateway_.log();
    const test::TempDir folder;
    test::ChildProcess program(TOLLGATE_PROGRAM,
                               {"ledger", "export", "--format", "json", "--config",
                                gateway_.folder().file("tollgate.yaml")},
                               {}, folder.file("log"));
    EXPECT_EQ(program.wait(std::chrono::seconds(60)), 0);
    const std::string lines = program.log();
    std::map<std::string, std::pair<std::int64_t, std::string>> last;  // attempt and its outcome
    for (std::size_t at = 0; at < lines.size();) {
      const auto end = std::min(lines.find('\n', at), lines.size());
      const auto record = simulator::parse_json(lines.substr(at, end - at));
      at = end + 1;
      if (!record || !record->is_object()) continue;
      const auto& object = record->get_object();
      const std::string request(simulator::text_of(object, "request"));
      const std::pair attempt(object.at("attempt").to_number<std::int64_t>(),
                              std::string(simulator::text_of(object, "outcome")));
      last[request] = std::max(last[request], attempt);
    }
    EXPECT_EQ(last.size(), told_.size());
    for (const auto& [request, told] : told_) {
      const std::string& outcome = last[request].second;
      if (told == Told::whole) EXPECT_EQ(outcome, "ok") << request;
      if (told == Told::broken) EXPECT_EQ(outcome, "truncated") << request;
      if (told == Told::refused) {
        EXPECT_THAT(outcome, testing::AnyOf("failed", "truncated")) << request;
      }
    }
  }

  std::size_t count(Told what) const {
    std::size_t out = 0;
    for (const auto& [request, told] : told_) out += told == what ? 1U : 0U;
    return out;
  }

  test::TestCertificates certificates_;
  simulator::Simulator upstream_{options()};
  test::ChaosGate gate_{upstream_.port()};
  test::GatewayProcess gateway_{TOLLGATE_PROGRAM, config()};
  std::map<std::string, Told> told_;
};

TEST_P(ChaosGate, EveryByteBorderOfAnAnswerMayBeThatOfAPacket) {
  ASSERT_EQ(ask({}, true), Told::whole);
  constexpr std::size_t kStep = 11;
  for (std::size_t at = 0; at < 2'800; at += kStep) {
    ask({.fault = Fault::delay, .at = at, .pause = milliseconds(1)}, (at / kStep) % 2 == 0);
    if (HasFailure()) return;
  }
  for (const Way way : {Way::up, Way::down}) {
    for (const bool streamed : {true, false}) {
      for (const std::size_t piece : {1U, 2U, 3U, 5U, 17U}) {
        ask({.fault = Fault::slice, .way = way, .piece = piece}, streamed);
      }
    }
  }
  expect_the_ledger_agrees();
}

TEST_P(ChaosGate, AMixOfFaultsNeverPassesForSuccess) {
  constexpr unsigned kSeed = 20'261;
  std::mt19937 generator(kSeed);
  for (int i = 0; i < 160; ++i) {
    // Over TLS most of a short connection is its handshake.
    auto plan = test::ChaosPlan::random(generator, tls() ? 4'000 : 2'000);
    // Each stall costs its whole time limit.
    if (plan.fault == Fault::stall && i % 4 != 0) plan.fault = Fault::reset;
    ask(plan, i % 2 == 0);
    if (HasFailure()) return;
  }
  EXPECT_GT(gate_.struck(), 60U);
  EXPECT_GT(count(Told::whole), 30U);
  EXPECT_GT(count(Told::refused), 10U);
  expect_the_ledger_agrees();
}

// Where the content flows: the client has begun to read.
TEST_P(ChaosGate, ABreakInTheMiddleOfAStreamIsToldAsOne) {
  for (const Fault fault : {Fault::reset, Fault::cut, Fault::stall, Fault::corrupt}) {
    for (std::size_t at = 300; at < 2'600; at += fault == Fault::stall ? 700 : 90) {
      ask({.fault = fault, .at = tls() ? at + 1'000 : at}, true);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(count(Told::broken), 10U);
  expect_the_ledger_agrees();
}

INSTANTIATE_TEST_SUITE_P(Network, ChaosGate, testing::Bool(),
                         [](const auto& info) { return info.param ? "UnderTls" : "Plain"; });

}  // namespace
}  // namespace e2e
