// How the real gateway starts where another one is, and ends while clients are there.

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RawClient;

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  return text.replace(text.find(what), what.size(), with);
}

class Lifecycle : public Gateway {
 protected:
  // A chat request whose upstream never says a word.
  static std::string unanswered() {
    const std::string body = chat_body("onprem/stall-before-head");
    return fmt::format(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        kKey, body.size(), body);
  }

  struct Taken {
    std::string configuration;
    std::uint16_t port;
  };
  // Wants for one of its doors what the running gateway has.
  static std::vector<Taken> taken_ports() {
    const auto free = configuration("http://127.0.0.1:1");
    std::vector<Taken> out;
    for (const auto [section, port] :
         {std::pair{"server: {listen: \"127.0.0.1:", gateway().client_port()},
          std::pair{"admin: {listen: \"127.0.0.1:", gateway().admin_port()}}) {
      const std::string prefix(section);
      out.push_back({replaced(free, prefix + "0", fmt::format("{}{}", prefix, port)), port});
    }
    return out;
  }
  static std::string failed_start(std::string_view configuration) {
    const test::TempDir folder;
    const auto config = folder.file("tollgate.yaml");
    std::ofstream(config) << configuration;
    test::ChildProcess second(TOLLGATE_PROGRAM, {"serve", "--config", config}, {},
                              folder.file("log"));
    EXPECT_EQ(second.wait(seconds(10)), 1);
    return second.log();
  }
};

TEST_F(Lifecycle, ASecondGatewayLeavesTheFirstItsPorts) {
  for (const Taken& taken : taken_ports()) {
    EXPECT_THAT(failed_start(taken.configuration),
                testing::HasSubstr(fmt::format(
                    "cannot bind 127.0.0.1:{}: Address already in use; another tollgate may be "
                    "running there: stop it, or start this one with --take-over",
                    taken.port)));
  }
}

// It would have been this one's successor, and said so too early.
TEST_F(Lifecycle, AGatewayWhosePortIsTakenSaysThatAlone) {
  const auto ledger =
      fmt::format("ledger: {{database: \"{}\", journal: \"{}\"}}\n",
                  gateway().folder().file("tollgate.db"), gateway().folder().file("journal"));
  for (const Taken& taken : taken_ports()) {
    const std::string log = failed_start(taken.configuration + ledger);
    EXPECT_THAT(log, testing::HasSubstr("Address already in use"));
    EXPECT_THAT(log, testing::Not(testing::HasSubstr("ledger")));
  }
}

TEST_F(Lifecycle, H33_AHalfClosedClientIsNotToldOfAGatewayThatFailed) {
  const auto before = upstream().log.totals().requests;
  RawClient client(gateway().client_port());
  ASSERT_TRUE(client.send(unanswered()));
  ASSERT_TRUE(
      test::wait_for(seconds(5), [&] { return upstream().log.totals().requests > before; }));
  client.shutdown_send();
  EXPECT_EQ(client.receive_raw(1), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(Lifecycle, StopsInTimeWhateverIsOpen) {
  simulator::Simulator upstreams;
  test::GatewayProcess gateway(
      TOLLGATE_PROGRAM,
      replaced(configuration(upstreams.url()), "workers: 2", "workers: 2, drain_timeout: 200ms"));
  RawClient scraper(gateway.admin_port());
  ASSERT_TRUE(scraper.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  ASSERT_TRUE(scraper.receive());
  RawClient silent(gateway.admin_port());
  RawClient waiting(gateway.client_port());
  ASSERT_TRUE(waiting.send(unanswered()));
  ASSERT_TRUE(
      test::wait_for(seconds(5), [&] { return upstreams.state().log.totals().requests == 1; }));
  ASSERT_TRUE(waiting.send("P"));  // of the next request, which nobody reads
  ASSERT_TRUE(waiting.quiet_for(milliseconds(50)));
  EXPECT_EQ(gateway.stop(), 0) << gateway.log();
}

}  // namespace
}  // namespace e2e
