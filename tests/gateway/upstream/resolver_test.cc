#include "gateway/upstream/resolver.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace gateway::upstream {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class UpstreamResolver : public testing::Test {
 protected:
  // Begins to resolve; what comes of it lands in the result when the lookup answers.
  using Pending = std::shared_ptr<std::optional<config::Result<Addresses>>>;
  Pending begin(const std::string& host, Signal& wake) {
    auto result = std::make_shared<std::optional<config::Result<Addresses>>>();
    const auto ask = [](Resolver& from, std::string name,
                        Signal& signal) -> Awaitable<config::Result<Addresses>> {
      co_return co_await from.resolve(name, signal);
    };
    net::co_spawn(io, ask(resolver, host, wake),
                  [result](std::exception_ptr, config::Result<Addresses> value) {
                    result->emplace(std::move(value));
                  });
    settle();
    return result;
  }

  Pending begin(const std::string& host) { return begin(host, signals.emplace_back(executor)); }

  void answer(error_code error, const std::vector<const char*>& addresses = {}) {
    Addresses found;
    for (const char* address : addresses) found.push_back(net::ip::make_address(address));
    const auto done = std::move(lookups.front().second);
    lookups.erase(lookups.begin());
    done(error, found);
    settle();
  }

  void settle() {
    io.restart();
    io.poll();
  }

  net::io_context io{1};
  Executor executor = io.get_executor();
  test::FakeClock clock;
  std::vector<std::pair<std::string, Resolver::Done>> lookups;
  Deadlines deadlines{io, clock};
  Resolver resolver{executor, deadlines, clock,
                    [this](const std::string& host, Resolver::Done done) {
                      lookups.emplace_back(host, std::move(done));
                    }};
  std::deque<Signal> signals;
};

TEST_F(UpstreamResolver, AnAddressIsItself) {
  const auto v4 = begin("127.0.0.1");
  const auto v6 = begin("::1");
  ASSERT_TRUE(*v4 && **v4);
  EXPECT_EQ((*v4)->value().front().to_string(), "127.0.0.1");
  ASSERT_TRUE(*v6 && **v6);
  EXPECT_TRUE(lookups.empty());
}

TEST_F(UpstreamResolver, AskersAtTheSameTimeShareALookupAndItIsKept) {
  const auto first = begin("a.test");
  const auto second = begin("a.test");
  EXPECT_EQ(lookups.size(), 1u);
  answer({}, {"192.0.2.1", "192.0.2.2"});
  for (const auto& asked : {first, second}) {
    ASSERT_TRUE(*asked && **asked);
    EXPECT_EQ((*asked)->value().size(), 2u);
  }
  clock.advance(seconds(29));
  EXPECT_TRUE(*begin("a.test"));
  EXPECT_TRUE(lookups.empty());
}

TEST_F(UpstreamResolver, U03_ANameThatChangesIsFollowedAfterHalfAMinute) {
  begin("a.test");
  answer({}, {"192.0.2.1"});
  clock.advance(seconds(31));
  const auto again = begin("a.test");
  ASSERT_EQ(lookups.size(), 1u);
  answer({}, {"192.0.2.9"});
  ASSERT_TRUE(*again && **again);
  EXPECT_EQ((*again)->value().front().to_string(), "192.0.2.9");
}

TEST_F(UpstreamResolver, U03_AFailureIsRememberedForASecond) {
  for (const error_code error : {error_code(net::error::host_not_found), error_code()}) {
    lookups.clear();
    const std::string host = error ? "missing.test" : "empty.test";
    const auto first = begin(host);
    answer(error);
    ASSERT_TRUE(*first);
    ASSERT_FALSE(**first);
    EXPECT_EQ((*first)->error().code, config::ErrorCode::upstream_unavailable);
    EXPECT_THAT((*first)->error().detail, HasSubstr(host));
    EXPECT_THAT((*first)->error().message, testing::Not(HasSubstr(host)));

    const auto second = begin(host);
    EXPECT_TRUE(*second);
    EXPECT_TRUE(lookups.empty());
    clock.advance(seconds(2));
    begin(host);
    EXPECT_EQ(lookups.size(), 1u);
  }
}

TEST_F(UpstreamResolver, U03_OldAddressesServeWhileTheNameServerFails) {
  begin("a.test");
  answer({}, {"192.0.2.1"});
  clock.advance(seconds(60));
  const auto stale = begin("a.test");
  answer(net::error::host_not_found_try_again);
  ASSERT_TRUE(*stale && **stale);
  EXPECT_EQ((*stale)->value().front().to_string(), "192.0.2.1");

  clock.advance(seconds(300));
  const auto too_old = begin("a.test");
  answer(net::error::host_not_found_try_again);
  ASSERT_TRUE(*too_old);
  EXPECT_FALSE(**too_old);
}

TEST_F(UpstreamResolver, U03_OldAddressesServeWhileTheNameServerIsSilent) {
  begin("a.test");
  answer({}, {"192.0.2.1"});
  clock.advance(seconds(31));
  const auto first = begin("a.test");
  EXPECT_FALSE(*first) << "newer ones may come";
  clock.advance(Resolver::kPatience + Deadlines::kTick);
  deadlines.advance(clock.now());
  settle();
  ASSERT_TRUE(*first && **first);
  EXPECT_EQ((*first)->value().front().to_string(), "192.0.2.1");

  const auto next = begin("a.test");
  ASSERT_TRUE(*next && **next) << "nobody waits for them again";
  EXPECT_EQ(lookups.size(), 1u);
  answer({}, {"192.0.2.9"});
  EXPECT_EQ((*begin("a.test"))->value().front().to_string(), "192.0.2.9");

  clock.advance(Resolver::kStale);
  const auto too_old = begin("a.test");
  clock.advance(Resolver::kPatience + Deadlines::kTick);
  deadlines.advance(clock.now());
  settle();
  EXPECT_FALSE(*too_old) << "what is this old is no address";
  answer(net::error::host_not_found_try_again);
  ASSERT_TRUE(*too_old);
  EXPECT_FALSE(**too_old);
}

TEST_F(UpstreamResolver, GivingUpDoesNotWaitForTheLookup) {
  Signal& wake = signals.emplace_back(executor);
  const auto asked = begin("slow.test", wake);
  EXPECT_FALSE(*asked);
  wake.announce();
  settle();
  ASSERT_TRUE(*asked);
  EXPECT_FALSE(**asked);
  // And the answer that comes late serves the next one.
  answer({}, {"192.0.2.1"});
  EXPECT_TRUE(*begin("slow.test"));
}

TEST(UpstreamSystemLookup, FindsLocalhost) {
  net::io_context io{1};
  config::SystemClock clock;
  Deadlines deadlines(io, clock);
  Resolver resolver(io.get_executor(), deadlines, clock);
  Signal wake(io.get_executor());
  std::optional<config::Result<Addresses>> found;
  net::co_spawn(io, resolver.resolve("localhost", wake),
                [&](std::exception_ptr, config::Result<Addresses> value) {
                  found.emplace(std::move(value));
                });
  io.run();
  ASSERT_TRUE(found && *found) << found->error().detail;
  EXPECT_TRUE(found->value().front().is_loopback());
}

TEST(UpstreamSystemLookup, WhoAskedMayGoBeforeTheAnswerComes) {
  net::io_context io{1};
  bool told = false;
  {
    const auto lookup = system_lookup(io.get_executor());
    lookup("localhost", [&told](error_code, const Addresses&) { told = true; });
  }
  io.run();  // nothing is left to wait for
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace gateway::upstream
