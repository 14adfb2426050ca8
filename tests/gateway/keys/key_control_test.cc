#include "gateway/key_control.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "gateway/limits/local_limiter.h"
#include "tests/gateway/keys/a_ledger.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_for.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;

// Holds the next that reads all keys between two of its rows, until it is let go. Of the
// connections that are opened while it lives; one at a time.
class HeldReading {
 public:
  HeldReading() { ::sqlite3_auto_extension(entry()); }
  ~HeldReading() {
    ::sqlite3_cancel_auto_extension(entry());
    let_go();
  }
  HeldReading(const HeldReading&) = delete;
  HeldReading& operator=(const HeldReading&) = delete;

  void arm() {
    go_on_ = std::promise<void>();
    reached_ = false;
    armed_ = true;
  }
  static bool reached() { return reached_; }
  static void let_go() {
    if (reached_.exchange(false)) go_on_.set_value();
  }

 private:
  using Entry = void (*)();

  static int watch(sqlite3* database, char** /*error*/, const void* /*functions*/) {
    return ::sqlite3_trace_v2(database, SQLITE_TRACE_ROW, &HeldReading::row, nullptr);
  }
  static Entry entry() { return reinterpret_cast<Entry>(&HeldReading::watch); }

  static int row(unsigned /*what*/, void* /*none*/, void* statement, void* /*none*/) {
    // SQLite's own have no text.
    const char* text = ::sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    const std::string_view sql = text == nullptr ? "" : text;
    if (sql.find("FROM virtual_key WHERE ?1 = ''") == sql.npos || !armed_.exchange(false)) return 0;
    auto go_on = go_on_.get_future();
    reached_ = true;
    go_on.wait();
    return 0;
  }

  static inline std::atomic<bool> armed_{false};
  static inline std::atomic<bool> reached_{false};
  static inline std::promise<void> go_on_;
};

// One gateway's ledger and keys; two of them are processes side by side.
struct Process {
  explicit Process(const test::TempDir& folder, std::uint64_t seed) {
    config::Config config;
    config.ledger.database = folder.file("tollgate.db");
    config.ledger.journal = folder.file("journal");
    auto opened = Accounting::open(config.ledger, 1, clock, seed, limiter);
    EXPECT_TRUE(opened) << opened.error().message;
    accounting = *std::move(opened);
    auto made = KeyControl::open(*Snapshot::build(std::move(config)), {limiter, *accounting}, clock,
                                 system_random);
    EXPECT_TRUE(made) << made.error().message;
    keys = *std::move(made);
  }
  ~Process() { end(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void end() {
    if (keys) keys->stop();
    keys.reset();
    accounting.reset();
  }

  bool run_until(const std::function<bool()>& done) {
    return test::wait_for(10s, [&] {
      io.restart();
      io.run_for(1ms);
      return done();
    });
  }
  // What the admin API answers.
  std::string ask(http::verb method, std::string_view path, std::string_view body = {}) {
    const admin::Call call{.method = method,
                           .path = path,
                           .query = {},
                           .body = body,
                           .if_match = {},
                           .idempotency_key = {},
                           .who = "tester"};
    std::string answered;
    bool done = false;
    net::co_spawn(io, keys->handle(call),
                  [&](const std::exception_ptr&, const config::Result<admin::Answer>& answer) {
                    done = true;
                    answered = answer ? answer->body : answer.error().message;
                  });
    EXPECT_TRUE(run_until([&] { return done; }));
    return answered;
  }
  std::string make(std::string_view name) {
    auto answer = ask(http::verb::post, "/api/keys", fmt::format(R"({{"name":"{}"}})", name));
    const std::string_view before = "\"secret\":\"";
    const auto at = answer.find(before);
    if (at == answer.npos) return answer;
    const auto begin = at + before.size();
    return answer.substr(begin, answer.find('"', begin) - begin);
  }
  bool knows(std::string_view secret) const {
    return keys->snapshot()->keys().find(secret, clock.wall()).has_value();
  }

  const config::SystemClock clock;
  limits::LocalLimiter limiter;
  net::io_context io{1};
  std::unique_ptr<Accounting> accounting;
  std::unique_ptr<KeyControl> keys;
};

TEST(KeyControl, AChangeMadeWhileTheOthersAreTakenInIsNotForgotten) {
  HeldReading reading;
  const test::TempDir folder;
  Process older(folder, 1);
  const std::string first = older.make("first");
  ASSERT_TRUE(older.knows(first)) << first;
  const std::string second = older.make("second");
  Process newer(folder, 2);
  older.end();
  ASSERT_TRUE(test::wait_for(10s, [&] { return newer.accounting->writer() != nullptr; }));
  ASSERT_TRUE(newer.knows(first));
  ASSERT_TRUE(newer.keys->may_follow());

  // The first look since the ledger is ours reads what was there before the changes, and ends
  // after them.
  reading.arm();
  bool looked = false;
  net::co_spawn(newer.io, newer.keys->follow(), [&](const std::exception_ptr&) { looked = true; });
  ASSERT_TRUE(newer.run_until([] { return HeldReading::reached(); }));
  const std::string third = newer.make("third");
  const std::string gone = newer.ask(http::verb::delete_, "/api/keys/second");
  EXPECT_NE(gone.find("deleted"), gone.npos) << gone;
  EXPECT_TRUE(newer.knows(third));
  HeldReading::let_go();
  ASSERT_TRUE(newer.run_until([&] { return looked; }));

  EXPECT_FALSE(newer.keys->may_follow()) << "there is nothing more to take in";
  EXPECT_TRUE(newer.knows(first));
  EXPECT_FALSE(newer.knows(second));
  EXPECT_TRUE(newer.knows(third));
}

}  // namespace
}  // namespace gateway
