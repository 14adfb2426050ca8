#include "gateway/chat/meter.h"

#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/limits/local_limiter.h"
#include "tests/support/fake_clock.h"

namespace gateway::chat {
namespace {

using namespace std::chrono_literals;
using config::ErrorCode;
using config::PicoUsd;
using providers::Source;

struct Kept : RecordSink {
  config::Result<void> attempt_begins(const Hold& hold) override {
    begun.push_back(hold);
    return refusal ? config::Result<void>(*refusal) : config::Result<void>();
  }
  bool waits_for_disk() const override { return false; }
  Awaitable<config::Result<void>> on_disk() override { co_return config::Result<void>(); }
  config::Result<void> attempt_extended(const Hold& hold) override {
    extended.push_back(hold);
    return {};
  }
  void attempt_done(const UsageRecord& record) override { attempts.push_back(record); }
  void request_done(const RequestSummary& summary) override { requests.push_back(summary); }
  void refused(std::string_view, const config::Error&) override {}
  void stream_opened() override {}
  void stream_closed() override {}
  std::optional<config::Error> refusal;
  std::vector<Hold> begun;
  std::vector<Hold> extended;
  std::vector<UsageRecord> attempts;
  std::vector<RequestSummary> requests;
};

struct Counting : providers::StreamDecoder {
  config::Result<void> decode(const providers::SseEvent&, providers::Body&) override { return {}; }
  config::Result<void> finish(providers::Body&) override { return {}; }
  void stop(std::string_view, providers::Body&) override {}
  void end(providers::Body&) override {}
  void deliver(std::string_view text) {
    delivered_.add(0, providers::DeliveredText::Part::content, text);
  }
  void named(std::string_view id) { upstream_id_ = id; }
  void reported(std::int64_t prompt, std::int64_t completion) {
    usage_.prompt = prompt;
    usage_.completion = completion;
    usage_.tokens = Source::reported;
  }
};

struct MeterTest : testing::Test {
  MeterTest() {
    target.name = config::TargetName("acme/one");
    target.provider = config::ProviderName("acme");
    target.price = config::Price{};
    target.price->input = {100'000};
    target.price->output = {200'000};
    target.tokenizer = config::Tokenizer::cl100k_base;
  }
  providers::Usage usage(std::int64_t prompt, std::int64_t completion) {
    Counting counted;
    counted.reported(prompt, completion);
    return counted.usage();
  }

  test::FakeClock clock;
  Kept kept;
  config::Target target;
  std::string body =
      std::string(
          R"({"model":"m","messages":[{"role":"user","content":"hello there, upstream"}]})") +
      std::string(64, '\0');  // the padding simdjson reads
  providers::JsonWorkspace json;
  providers::ChatRequest chat = *providers::read_chat_request(
      json, providers::Operation::chat, std::string_view(body).substr(0, body.find('\0')));
};

TEST_F(MeterTest, AnAttemptAnsweredWholeIsPricedFromWhatWasReported) {
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    attempt.ok(usage(11, 19));
    meter.answered(200);
  }
  ASSERT_EQ(kept.attempts.size(), 1U);
  EXPECT_EQ(kept.attempts[0].outcome, Outcome::ok);
  EXPECT_EQ(kept.attempts[0].cost.amount, PicoUsd{11 * 100'000 + 19 * 200'000});
  EXPECT_EQ(kept.attempts[0].cost.source, Source::priced);
  ASSERT_EQ(kept.requests.size(), 1U);
  EXPECT_EQ(kept.requests[0].outcome, "ok");
  EXPECT_EQ(kept.requests[0].cost.amount, kept.attempts[0].cost.amount);
}

TEST_F(MeterTest, AnAnswerThatBrokeOffKeepsTheIdItsReceiptIsAskedFor) {
  Counting decoder;
  decoder.named("gen-1");
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    attempt.watch(decoder);
  }
  EXPECT_EQ(kept.attempts[0].outcome, Outcome::client_left);
  EXPECT_EQ(kept.attempts[0].upstream_id, "gen-1");
}

TEST_F(MeterTest, OfAPatternTheModelIsKeptThatWasAskedFor) {
  target.name = config::TargetName("acme/*");
  target.model = "one";
  Meter meter(kept, clock, {});
  AttemptMeter(meter, target, chat, {}).ok(usage(1, 1));
  AttemptMeter named(meter, target, chat, {});
  named.upstream_names("one-2026", "gen-1");
  named.ok(usage(1, 1));
  target.name = config::TargetName("acme/one");
  AttemptMeter(meter, target, chat, {}).ok(usage(1, 1));
  ASSERT_EQ(kept.attempts.size(), 3U);
  EXPECT_EQ(kept.attempts[0].upstream_model, "one");
  EXPECT_EQ(kept.attempts[1].upstream_model, "one-2026");
  EXPECT_EQ(kept.attempts[2].upstream_model, "") << "its name says it";
}

TEST_F(MeterTest, ARefusalInWordsCostsNothing) {
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    attempt.refused_in_words();
    attempt.failed(config::failure(ErrorCode::upstream_busy, "busy"), false);
    meter.failed(429, config::failure(ErrorCode::upstream_busy, "busy"));
  }
  EXPECT_EQ(kept.attempts[0].outcome, Outcome::failed);
  EXPECT_EQ(kept.attempts[0].cost.amount, PicoUsd{0});
  EXPECT_EQ(kept.attempts[0].cost.source, Source::reported);
  EXPECT_FALSE(kept.attempts[0].maybe_billed);
  EXPECT_EQ(kept.requests[0].outcome, "upstream_error");
}

TEST_F(MeterTest, SilenceAfterTheRequestWentOutMayHaveBeenBilled) {
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    attempt.failed(config::failure(ErrorCode::upstream_timeout, "late"), false);
  }
  EXPECT_TRUE(kept.attempts[0].maybe_billed);
  EXPECT_EQ(kept.attempts[0].usage.tokens, Source::estimated);
  EXPECT_EQ(kept.attempts[0].cost.source, Source::estimated);
  EXPECT_GT(kept.attempts[0].cost.amount->value, 0);
}

TEST_F(MeterTest, WhatNeverReachedTheWireCostsNothing) {
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.failed(config::failure(ErrorCode::upstream_unavailable, "refused"), false);
  }
  EXPECT_FALSE(kept.attempts[0].maybe_billed);
  EXPECT_EQ(kept.attempts[0].cost.amount, PicoUsd{0});
}

TEST_F(MeterTest, AStreamThatBreaksIsBilledByWhatWasDelivered) {
  Counting decoder;
  decoder.deliver("It is Paris, as it has been since the end of the war.");
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.watch(decoder);
    attempt.written();
    attempt.first_content();
    attempt.failed(config::failure(ErrorCode::upstream_unavailable, "reset"), true);
    meter.failed(200, config::failure(ErrorCode::upstream_unavailable, "reset"));
  }
  EXPECT_EQ(kept.attempts[0].outcome, Outcome::truncated);
  EXPECT_EQ(kept.attempts[0].usage.completion, 15);
  EXPECT_EQ(kept.requests[0].outcome, "truncated");
}

TEST_F(MeterTest, AClientThatLeavesKeepsTheCountTheUpstreamHadGiven) {
  Counting decoder;
  decoder.reported(7, 2);
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.watch(decoder);
    attempt.written();
  }
  EXPECT_EQ(kept.attempts[0].outcome, Outcome::client_left);
  EXPECT_EQ(kept.attempts[0].usage.prompt, 7);
  EXPECT_EQ(kept.attempts[0].cost.source, Source::priced);
  EXPECT_EQ(kept.requests[0].outcome, "client_left");
}

TEST_F(MeterTest, ARequestCostsWhatAllItsAttemptsCost) {
  {
    Meter meter(kept, clock, {});
    {
      AttemptMeter first(meter, target, chat, {});
      first.written();
      first.failed(config::failure(ErrorCode::upstream_timeout, "late"), false);
    }
    AttemptMeter second(meter, target, chat, {});
    second.written();
    second.ok(usage(1, 1));
  }
  ASSERT_EQ(kept.attempts.size(), 2U);
  EXPECT_EQ(kept.attempts[1].attempt, 2);
  EXPECT_EQ(kept.requests[0].cost.amount->value,
            kept.attempts[0].cost.amount->value + kept.attempts[1].cost.amount->value);
  EXPECT_EQ(kept.requests[0].cost.source, Source::estimated);
}

TEST_F(MeterTest, AnUnknownPriceIsUnknownMoney) {
  target.price.reset();
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    attempt.ok(usage(1, 1));
  }
  EXPECT_FALSE(kept.attempts[0].cost.amount);
  EXPECT_EQ(kept.attempts[0].cost.source, Source::unknown);
  EXPECT_FALSE(kept.requests[0].cost.amount);
}

struct StakeTest : MeterTest {
  StakeTest() {
    config::Limits limits;
    limits.budgets = {{.limit = {10'000'000'000}, .window = config::Window::total, .zone = "UTC"}};
    limiter.configure({AccountKind::key, "k"}, limits, limits::Now::of(clock));
    EXPECT_TRUE(limiter.learn(
        [](const AccountId&, config::Clock::Wall) { return config::Result<PicoUsd>(PicoUsd{}); }));
    payers = limiter.payers(config::KeyName("k"), config::TeamName("t"));
  }
  // Ten output tokens held, at 100'000'000 pico-USD each; the budget is for a hundred.
  Stake stake() {
    Stake out;
    out.reserved.tokens = {0, 10};
    out.reserved.amount = PicoUsd{1'000'000'000};
    out.reserved.output = {100'000'000};
    out.step = 10;
    out.started = clock.wall();
    out.hold = *limiter.hold(payers, *out.reserved.amount, limits::Now::of(clock));
    return out;
  }
  limits::BudgetStatus budget() { return limiter.budgets(payers, limits::Now::of(clock)).at(0); }

  limits::LocalLimiter limiter;
  limits::Payers payers;
};

TEST_F(StakeTest, AStreamAsksForMoreInStepsUntilThereIsNone) {
  target.price->output = {100'000'000};
  Meter meter(kept, clock, {});
  AttemptMeter attempt(meter, target, chat, stake());
  ASSERT_TRUE(attempt.begin());
  attempt.written();
  EXPECT_TRUE(attempt.cover(10)) << "held from the start";
  EXPECT_TRUE(kept.extended.empty());
  EXPECT_TRUE(attempt.cover(11));
  EXPECT_EQ(budget().held, PicoUsd{2'000'000'000});
  ASSERT_EQ(kept.extended.size(), 1U);
  EXPECT_EQ(kept.extended[0].reserved, PicoUsd{2'000'000'000});
  EXPECT_TRUE(attempt.cover(100));
  EXPECT_EQ(budget().held, PicoUsd{10'000'000'000});
  EXPECT_FALSE(attempt.cover(101));
}

TEST_F(StakeTest, WhereAStepDoesNotFitWhatIsNeededStillMay) {
  auto first = *limiter.hold(payers, PicoUsd{8'500'000'000}, limits::Now::of(clock));
  Meter meter(kept, clock, {});
  AttemptMeter attempt(meter, target, chat, stake());
  ASSERT_TRUE(attempt.begin());
  EXPECT_TRUE(attempt.cover(15)) << "five tokens more, though not ten";
  EXPECT_EQ(budget().held, PicoUsd{10'000'000'000});
  EXPECT_FALSE(attempt.cover(16));
}

TEST_F(StakeTest, WhatIsSettledIsSpentAndNothingIsHeld) {
  target.price->input = {0};
  target.price->output = {100'000'000};
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, stake());
    ASSERT_TRUE(attempt.begin());
    attempt.written();
    attempt.ok(usage(0, 120));
  }
  EXPECT_EQ(budget().spent, PicoUsd{12'000'000'000});
  EXPECT_EQ(budget().held, PicoUsd{});
  EXPECT_TRUE(kept.attempts.at(0).overrun) << "G06: more than was held, and beyond the budget";
  EXPECT_EQ(kept.attempts.at(0).priced, PicoUsd{12'000'000'000});
}

TEST_F(StakeTest, G07_WhatCouldNotBeWrittenDownNeverBegan) {
  kept.refusal = config::failure(ErrorCode::overloaded, "full");
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, stake());
    EXPECT_FALSE(attempt.begin());
  }
  EXPECT_TRUE(kept.attempts.empty());
  EXPECT_EQ(kept.requests.at(0).attempts, 0);
  EXPECT_EQ(budget().held, PicoUsd{});
  EXPECT_EQ(budget().spent, PicoUsd{});
}

TEST_F(MeterTest, ARefusalCostsNothingAlsoWhereTheClientHasLeft) {
  {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    attempt.refused_in_words();
    attempt.failed(config::failure(ErrorCode::client_left, "gone"), false);
  }
  EXPECT_EQ(kept.attempts.at(0).outcome, Outcome::client_left);
  EXPECT_EQ(kept.attempts.at(0).cost.amount, PicoUsd{});
  EXPECT_FALSE(kept.attempts.at(0).maybe_billed);
}

TEST_F(MeterTest, AnExceptionIsOurFaultAndNotADeparture) {
  try {
    Meter meter(kept, clock, {});
    AttemptMeter attempt(meter, target, chat, {});
    attempt.written();
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
  }
  EXPECT_EQ(kept.attempts.at(0).outcome, Outcome::failed);
  EXPECT_EQ(kept.attempts.at(0).error, ErrorCode::internal);
  EXPECT_TRUE(kept.attempts.at(0).maybe_billed);
  EXPECT_EQ(kept.requests.at(0).outcome, "gateway_error");
  EXPECT_EQ(kept.requests.at(0).status, 500U);
}

TEST_F(MeterTest, OverheadIsTheTimeNobodyElseTook) {
  {
    Meter meter(kept, clock, {});
    clock.advance(30us);
    {
      Waiting upstream(meter);
      clock.advance(500ms);
    }
    clock.advance(20us);
  }
  EXPECT_EQ(kept.requests[0].overhead, 50us);
  EXPECT_EQ(kept.requests[0].duration, 500ms + 50us);
}

}  // namespace
}  // namespace gateway::chat
