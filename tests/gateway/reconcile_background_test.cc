#include <chrono>
#include <functional>
#include <future>
#include <malloc.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/metrics/metrics.h"
#include "gateway/reconcile/background.h"
#include "gateway/task_group.h"
#include "tests/gateway/ledger/sqlite/records.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upstream_simulator/simulator.h"

namespace gateway::reconcile {
namespace {

using config::PicoUsd;
using std::chrono::milliseconds;
using testing::HasSubstr;

class BackgroundTest : public testing::Test {
 protected:
  static constexpr std::int64_t kCent = 10'000'000'000;

  BackgroundTest() {
    config::Config config;
    config.ledger.database = folder_.file("ledger.db");
    config.ledger.journal = folder_.file("journal");
    config.ledger.reconcile = {milliseconds(50), std::chrono::minutes(1)};
    config::Target target;
    target.name = config::TargetName("openrouter/mock");
    target.provider = config::ProviderName("openrouter");
    target.kind = "openrouter";
    target.model = "mock";
    target.base_url = {.tls = false,
                       .host = "127.0.0.1",
                       .port = simulator_.port(),
                       .path = "/openrouter/api/v1",
                       .host_header = "127.0.0.1"};
    target.api_key = config::Secret("sk-or-up");
    target.price = config::Price{};
    target.price->input = {100'000};
    target.price->output = {200'000};
    config::Model model;
    model.name = config::ModelName("flash");
    model.targets.push_back(std::move(target));
    config.models.push_back(std::move(model));
    config::Limits limits;
    limits.budgets.push_back({PicoUsd{100 * kCent}, config::Window::total, "UTC"});
    limiter_.configure({AccountKind::team, "research"}, limits, limits::Now::of(clock_));
    const limits::SpentSince nothing = [](const AccountId&, config::Clock::Wall) {
      return config::Result<PicoUsd>(PicoUsd{});
    };
    EXPECT_TRUE(limiter_.learn(nothing));
    auto snapshot = Snapshot::build(std::move(config));
    EXPECT_TRUE(snapshot) << snapshot.error().message;
    snapshot_ = *snapshot;
    auto accounting = Accounting::open(snapshot_->config().ledger, 1, clock_, 1, limiter_);
    EXPECT_TRUE(accounting) << accounting.error().message;
    accounting_ = *std::move(accounting);
    const Background::Around around{io_,      deadlines_, clock_, *accounting_,
                                    limiter_, queries_,   tasks_};
    background_ = std::make_unique<Background>(around, [this] { return snapshot_; });
  }

  void configure(const std::function<void(config::Reconcile&)>& change) {
    config::Config config = snapshot_->config();
    change(config.ledger.reconcile);
    snapshot_ = *Snapshot::build(std::move(config));
  }

  // One estimated at a cent, of a second ago.
  void booked(int number) { booked(number, "gen-" + std::to_string(number)); }
  void booked(int number, std::string upstream_id) {
    UsageRecord record = test::record(number, clock_.wall() - std::chrono::seconds(1));
    record.provider = config::ProviderName("openrouter");
    record.target = config::TargetName("openrouter/mock");
    record.upstream_id = std::move(upstream_id);
    record.cost = {PicoUsd{kCent}, providers::Source::estimated};
    limiter_.spend(limiter_.payers(record.key, record.team), PicoUsd{kCent}, record.started,
                   number + 1);
    std::promise<bool> written;
    accounting_->run(
        [&] { written.set_value(accounting_->ledger()->append({{record}}).has_value()); });
    EXPECT_TRUE(written.get_future().get());
  }
  void receipt(int number, const char* usd) {
    simulator_.state().remember_generation("gen-" + std::to_string(number),
                                           {{"total_cost", simulator::exact_number(usd)},
                                            {"native_tokens_prompt", 100},
                                            {"native_tokens_completion", 20}});
  }
  PicoUsd spent() {
    for (const auto& status : limiter_.budgets(limits::Now::of(clock_))) return status.spent;
    return {};
  }
  std::string metrics(const Background& background) {
    std::vector<prometheus::MetricFamily> families;
    background.add_metrics(families);
    return prometheus::TextSerializer().Serialize(families);
  }
  // Until it says so, or five seconds.
  bool run_until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done() && io_.run_one_until(limit) > 0) {
    }
    return done();
  }

  const test::TempDir folder_;
  const config::SystemClock clock_;
  simulator::Simulator simulator_;
  limits::LocalLimiter limiter_;
  std::shared_ptr<const Snapshot> snapshot_;
  net::io_context io_{1};  // before the ledger's thread, which answers on it
  std::unique_ptr<Accounting> accounting_;
  Deadlines deadlines_{io_, clock_};
  TaskGroup tasks_;
  QueryThreads queries_{1, 8};
  std::unique_ptr<Background> background_;  // of what the constructor has made
};

TEST_F(BackgroundTest, WhatAReceiptCorrectsIsToldToTheBudgetToo) {
  booked(1);
  receipt(1, "0.03");
  EXPECT_EQ(spent(), PicoUsd{kCent});
  background_->start();
  EXPECT_TRUE(run_until([&] { return spent() == PicoUsd{3 * kCent}; }));
  EXPECT_THAT(
      metrics(*background_),
      testing::AllOf(HasSubstr(R"(tollgate_reconcile_receipts_total{verdict="corrected"} 1)"),
                     HasSubstr(R"(tollgate_reconcile_usd_total{direction="raised"} 0.02)"),
                     HasSubstr(R"(tollgate_reconcile_usd_total{direction="lowered"} 0)")));
  EXPECT_TRUE(end_all(tasks_, io_));
}

TEST_F(BackgroundTest, G21_ReceiptsAreComparedWithOurPrices) {
  metrics::Metrics metrics({}, 1);
  metrics.include(accounting_->counted());
  booked(1);
  receipt(1, "0.03");  // of 100 tokens in and 20 out, at 0.1 and 0.2 USD per million
  background_->start();
  const auto both = testing::AllOf(
      HasSubstr("tollgate_compared_priced_usd_total{provider=\"openrouter\",model=\"flash\","
                "told_by=\"receipt\"} 1.4e-05"),
      HasSubstr("tollgate_compared_reported_usd_total{provider=\"openrouter\",model=\"flash\","
                "told_by=\"receipt\"} 0.03"));
  EXPECT_TRUE(run_until([&] { return spent() == PicoUsd{3 * kCent}; }));
  EXPECT_TRUE(run_until([&] { return testing::Value(metrics.text(), both); })) << metrics.text();
  EXPECT_TRUE(end_all(tasks_, io_));
}

TEST_F(BackgroundTest, WhatIsNotThereYetIsAskedForInALaterPass) {
  booked(1);
  receipt(1, "0.005");
  simulator_.state().give(
      {.dialect = "openrouter", .model = "*", .times = 1, .faults = {"404"}, .script = nullptr});
  background_->start();
  EXPECT_TRUE(run_until([&] { return spent() == PicoUsd{kCent / 2}; }));
  EXPECT_THAT(
      metrics(*background_),
      testing::AllOf(HasSubstr(R"(tollgate_reconcile_receipts_total{verdict="none_yet"} 1)"),
                     HasSubstr(R"(tollgate_reconcile_usd_total{direction="lowered"} 0.005)")));
  EXPECT_TRUE(end_all(tasks_, io_));
}

TEST_F(BackgroundTest, WhereItIsOffNobodyIsAskedUntilAReloadSwitchesItOn) {
  booked(1);
  receipt(1, "0.03");
  configure([](config::Reconcile& reconcile) { reconcile.every = milliseconds(0); });
  background_->start();
  EXPECT_EQ(io_.poll(), 0U) << "there is nothing to wait for";
  EXPECT_TRUE(io_.stopped());
  io_.restart();
  configure([](config::Reconcile& reconcile) { reconcile.every = milliseconds(20); });
  background_->adopt();
  EXPECT_TRUE(run_until([&] { return spent() == PicoUsd{3 * kCent}; }));
  EXPECT_TRUE(end_all(tasks_, io_));
}

TEST_F(BackgroundTest, WhatHasNoIdToAskByIsShownWithWhatItIsBookedAt) {
  booked(1, "");
  booked(2, "");
  booked(3);
  receipt(3, "0.03");
  background_->start();
  const auto shown = testing::AllOf(HasSubstr("tollgate_reconcile_without_id_attempts 2\n"),
                                    HasSubstr("tollgate_reconcile_without_id_usd 0.02\n"));
  EXPECT_TRUE(run_until([&] { return testing::Value(metrics(*background_), shown); }));
  EXPECT_TRUE(end_all(tasks_, io_));
  EXPECT_EQ(simulator_.state().log.totals().requests, 1U);
}

// Who asked for a pass; counts what it hears.
struct Asker final : Listener {
  Awaitable<void> found(const Finding&) override {
    ++heard;
    if (heard == throws_at) throw std::runtime_error("a bug");
    co_return;
  }
  int heard = 0;
  int throws_at = 0;
};

TEST_F(BackgroundTest, OnePassRunsAtATimeAndItsOwnWaitsForTheOneThatWasAskedFor) {
  constexpr int kAttempts = 5;  // without receipts; half a second
  for (int i = 0; i < kAttempts; ++i) booked(i);
  const auto now = clock_.wall();
  Wanted wanted;
  wanted.spans = {{now - std::chrono::minutes(1), now}};
  Asker asker;
  std::optional<config::Result<Outcomes>> outcomes;
  net::co_spawn(io_, background_->run(wanted, asker),
                [&](const std::exception_ptr&, config::Result<Outcomes> told) {
                  outcomes = std::move(told);
                });
  background_->start();  // due long before that ends
  const auto none_yet = [](int count) {
    return HasSubstr("{verdict=\"none_yet\"} " + std::to_string(count) + "\n");
  };
  EXPECT_TRUE(run_until([&] { return asker.heard == 2; }));
  EXPECT_EQ(background_->may_run(wanted).error().code, config::ErrorCode::conflict);
  EXPECT_TRUE(run_until([&] { return outcomes.has_value(); }));
  EXPECT_EQ(asker.heard, kAttempts);
  EXPECT_THAT(metrics(*background_), none_yet(kAttempts)) << "its own has waited";
  EXPECT_TRUE(
      run_until([&] { return testing::Value(metrics(*background_), none_yet(2 * kAttempts)); }));
  EXPECT_EQ(asker.heard, kAttempts);
  EXPECT_TRUE(end_all(tasks_, io_));
}

TEST_F(BackgroundTest, APassThatThrowsKeepsNoneThatComesAfterItFromRunning) {
  constexpr int kAttempts = 5;
  for (int i = 0; i < kAttempts; ++i) booked(i);
  const auto now = clock_.wall();
  Wanted wanted;
  wanted.spans = {{now - std::chrono::minutes(1), now}};
  Asker asker;
  asker.throws_at = 3;
  bool ended = false;
  config::Result<Outcomes> outcomes = Outcomes();
  net::co_spawn(io_, background_->run(wanted, asker),
                [&](const std::exception_ptr& bug, config::Result<Outcomes> told) {
                  EXPECT_FALSE(bug);
                  ended = true;
                  outcomes = std::move(told);
                });
  background_->start();  // due before that ends
  EXPECT_TRUE(run_until([&] { return ended; }));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, config::ErrorCode::internal);
  background_->end(asker);  // nothing of it is left that could be ended
  const auto none_yet = HasSubstr("{verdict=\"none_yet\"} " + std::to_string(3 + kAttempts) + "\n");
  EXPECT_TRUE(run_until([&] { return testing::Value(metrics(*background_), none_yet); }))
      << "its own has waited and runs now";
  EXPECT_TRUE(run_until([&] { return background_->may_run(wanted).has_value(); }));
  EXPECT_TRUE(end_all(tasks_, io_));
}

// A ledger with one attempt in it, which is asked about.
struct OneAttempt final : Book {
  Awaitable<config::Result<UnreportedPage>> page(const Unreported&) override {
    UnreportedPage out;
    out.attempts.push_back(test::record(1));
    out.attempts.back().provider = config::ProviderName("openrouter");
    out.attempts.back().target = config::TargetName("openrouter/mock");
    out.attempts.back().upstream_id = "gen-1";
    co_return out;
  }
  Awaitable<config::Result<std::int64_t>> left_out(const Unreported&) override { co_return 0; }
  Awaitable<config::Result<bool>> correct(const UsageRecord&, const Correction&) override {
    co_return true;
  }
};

TEST_F(BackgroundTest, AQuestionThatEndsByAThrowLeavesNothingBehindThatCouldBeCut) {
  // What is freed is not what it was, so that whoever uses it is found out.
  constexpr int kGarbage = 0x55;
  ::mallopt(M_PERTURB, kGarbage);
  upstream::Pools pools(io_, deadlines_, clock_, {},
                        [](const std::string&, const upstream::Resolver::Done&) {
                          throw std::runtime_error("a bug");
                        });
  config::Config config = snapshot_->config();
  config.models.front().targets.front().base_url.host = "upstream.test";
  OneAttempt book;
  Wanted wanted;
  wanted.spans = {{clock_.wall() - std::chrono::minutes(1), clock_.wall()}};
  Pass pass(pools, config, book, std::move(wanted));
  Asker asker;
  std::exception_ptr thrown;
  net::co_spawn(
      io_, pass.run(asker),
      [&](const std::exception_ptr& bug, const config::Result<Outcomes>&) { thrown = bug; });
  EXPECT_TRUE(run_until([&] { return thrown != nullptr; }));
  EXPECT_THROW(std::rethrow_exception(thrown), std::runtime_error);
  pass.cut();
  EXPECT_EQ(asker.heard, 0);
  ::mallopt(M_PERTURB, 0);
}

TEST_F(BackgroundTest, WhoAskedEndsHisPassAndNobodyElses) {
  for (int i = 0; i < 20; ++i) booked(i);
  const auto now = clock_.wall();
  Wanted wanted;
  wanted.spans = {{now - std::chrono::minutes(1), now}};
  Asker asker;
  bool ended = false;
  net::co_spawn(io_, background_->run(wanted, asker),
                [&](const std::exception_ptr&, const config::Result<Outcomes>&) { ended = true; });
  EXPECT_TRUE(run_until([&] { return asker.heard == 1; }));
  const Asker another;
  background_->end(another);
  EXPECT_TRUE(run_until([&] { return asker.heard == 3; }));
  background_->end(asker);
  EXPECT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(asker.heard, 3) << "what is cut off is nobody's fault";
  EXPECT_THAT(metrics(*background_), HasSubstr("{verdict=\"failed\"} 0\n"));
  EXPECT_TRUE(background_->may_run(wanted)) << "the next one may ask";
}

TEST_F(BackgroundTest, AReloadWhileSomebodysPassRunsIsTakenInAfterIt) {
  for (int i = 0; i < 5; ++i) booked(i);
  configure([](config::Reconcile& reconcile) { reconcile.every = milliseconds(0); });
  background_->start();
  Wanted wanted;
  wanted.spans = {{clock_.wall() - std::chrono::minutes(1), clock_.wall()}};
  Asker asker;
  bool ended = false;
  net::co_spawn(io_, background_->run(wanted, asker),
                [&](const std::exception_ptr&, const config::Result<Outcomes>&) { ended = true; });
  EXPECT_TRUE(run_until([&] { return asker.heard == 2; }));
  configure([](config::Reconcile& reconcile) { reconcile.every = milliseconds(20); });
  background_->adopt();
  EXPECT_TRUE(run_until([&] { return ended; }));
  receipt(1, "0.03");
  EXPECT_TRUE(run_until([&] { return spent() == PicoUsd{7 * kCent}; }));
  EXPECT_TRUE(end_all(tasks_, io_));
}

TEST_F(BackgroundTest, AsksNobodyOfAProviderThatIsNotThere) {
  Wanted wanted;
  wanted.provider = "opnrouter";
  const auto refused = background_->may_run(wanted);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("`opnrouter`; there are: openrouter."));
}

TEST_F(BackgroundTest, EndsAtOnceWhenItIsTold) {
  for (int i = 0; i < 50; ++i) booked(i);
  background_->start();
  EXPECT_TRUE(run_until([&] { return simulator_.state().log.totals().requests > 0; }));
  const auto told = std::chrono::steady_clock::now();
  EXPECT_TRUE(end_all(tasks_, io_));
  EXPECT_LT(std::chrono::steady_clock::now() - told, std::chrono::seconds(4));
  EXPECT_LT(simulator_.state().log.totals().requests, 50U);
}

}  // namespace
}  // namespace gateway::reconcile
