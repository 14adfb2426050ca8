// What a look at the keys that throws leaves behind. Replaces the global operator new, so that
// memory can fail to be had in the middle of one; which is why this is a program of its own.
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <sqlite3.h>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "gateway/key_control.h"
#include "gateway/limits/local_limiter.h"
#include "tests/support/operator_new.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_for.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;

// Where the log of changes has shown a line, its reader gets no memory for it.
int row(unsigned /*what*/, void* /*none*/, void* statement, void* /*none*/) {
  const char* text = ::sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
  test::fail_next_allocation(text != nullptr && std::string_view(text).find("FROM audit_log") !=
                                                    std::string_view::npos);
  return 0;
}
int watch(sqlite3* database, char** /*error*/, const void* /*functions*/) {
  return ::sqlite3_trace_v2(database, SQLITE_TRACE_ROW, &row, nullptr);
}

config::Config config_in(const test::TempDir& folder) {
  config::Config config;
  config.ledger.database = folder.file("tollgate.db");
  config.ledger.journal = folder.file("journal");
  return config;
}

TEST(KeyControl, ALookThatThrowsIsNotTheLast) {
  const test::TempDir folder;
  const config::SystemClock clock;
  limits::LocalLimiter limiter;
  net::io_context io{1};
  auto older = *Accounting::open(config_in(folder).ledger, 1, clock, 1, limiter);
  auto accounting = *Accounting::open(config_in(folder).ledger, 1, clock, 2, limiter);
  {
    const keys::By by{"tester", clock.wall()};
    std::promise<bool> noted;
    older->run([&] {
      keys::KeyStore store(older->ledger()->database());
      noted.set_value(store.note(by, "look", "ledger", "{}").has_value());
    });
    ASSERT_TRUE(noted.get_future().get());
  }
  using Entry = void (*)();
  const auto failing = reinterpret_cast<Entry>(&watch);
  ::sqlite3_auto_extension(failing);
  auto keys = *KeyControl::open(*Snapshot::build(config_in(folder)), {limiter, *accounting}, clock,
                                system_random);
  ::sqlite3_cancel_auto_extension(failing);
  ASSERT_TRUE(keys->may_follow());

  bool ended = false;
  std::exception_ptr thrown;
  net::co_spawn(io, keys->follow(), [&](const std::exception_ptr& bug) {
    thrown = bug;
    ended = true;
  });
  EXPECT_TRUE(test::wait_for(10s, [&] {
    io.restart();
    io.run_for(1ms);
    return ended;
  }));
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(keys->may_follow()) << "the next look takes in what this one did not";
  keys->stop();
}

}  // namespace
}  // namespace gateway
