// How the real gateway starts where another one is, and ends while clients are there.

#include <fstream>
#include <string>
#include <utility>

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
};

TEST_F(Lifecycle, ASecondGatewayLeavesTheFirstItsPorts) {
  const auto free = configuration("http://127.0.0.1:1");
  const test::TempDir folder;
  for (const auto [section, port] :
       {std::pair{"server: {listen: \"127.0.0.1:", gateway().client_port()},
        std::pair{"admin: {listen: \"127.0.0.1:", gateway().admin_port()}}) {
    const std::string prefix(section);
    const auto config = folder.file("tollgate.yaml");
    std::ofstream(config) << replaced(free, prefix + "0", fmt::format("{}{}", prefix, port));
    test::ChildProcess second(TOLLGATE_PROGRAM, {"serve", "--config", config}, {},
                              folder.file("log"));
    EXPECT_EQ(second.wait(seconds(10)), 1);
    EXPECT_THAT(second.log(), testing::HasSubstr(fmt::format(
                                  "cannot bind 127.0.0.1:{}: Address already in use", port)));
  }
}

// It would have been this one's successor, and said so too early.
TEST_F(Lifecycle, AGatewayWhosePortIsTakenSaysThatAlone) {
  const auto free = configuration("http://127.0.0.1:1");
  const test::TempDir folder;
  for (const auto [section, port] :
       {std::pair{"server: {listen: \"127.0.0.1:", gateway().client_port()},
        std::pair{"admin: {listen: \"127.0.0.1:", gateway().admin_port()}}) {
    const std::string prefix(section);
    const auto config = folder.file("tollgate.yaml");
    std::ofstream(config) << replaced(free, prefix + "0", fmt::format("{}{}", prefix, port))
                          << fmt::format("ledger: {{database: \"{}\", journal: \"{}\"}}\n",
                                         gateway().folder().file("tollgate.db"),
                                         gateway().folder().file("journal"));
    test::ChildProcess second(TOLLGATE_PROGRAM, {"serve", "--config", config}, {},
                              folder.file("log"));
    EXPECT_EQ(second.wait(seconds(10)), 1);
    EXPECT_THAT(second.log(), testing::HasSubstr("Address already in use"));
    EXPECT_THAT(second.log(), testing::Not(testing::HasSubstr("ledger")));
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
