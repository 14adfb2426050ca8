#include "gateway/metrics/metrics.h"

#include <atomic>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using config::ErrorCode;
using config::PicoUsd;
using gateway::Outcome;
using gateway::RequestSummary;
using gateway::UsageRecord;
using gateway::metrics::Metrics;
using providers::Source;
using std::chrono::microseconds;
using testing::HasSubstr;
using testing::Not;

UsageRecord answered_attempt() {
  UsageRecord record;
  record.model = config::ModelName("rekaai/reka-edge");
  record.team = config::TeamName("red");
  record.provider = config::ProviderName("openrouter");
  record.outcome = Outcome::ok;
  record.usage.prompt = 100;
  record.usage.cached_read = 40;
  record.usage.completion = 30;
  record.usage.reasoning = 10;
  record.usage.tokens = Source::reported;
  record.cost = {PicoUsd{13'000'000}, Source::priced};
  return record;
}

RequestSummary answered_request() {
  RequestSummary summary;
  summary.model = config::ModelName("rekaai/reka-edge");
  summary.team = config::TeamName("red");
  summary.provider = config::ProviderName("openrouter");
  summary.outcome = "ok";
  summary.duration = microseconds(400'000);
  summary.first_token = microseconds(30'000);
  summary.overhead = microseconds(150);
  return summary;
}

// Sample lines of the text format by name and labels.
std::map<std::string, double> samples(const Metrics& metrics) {
  std::map<std::string, double> out;
  std::istringstream text(metrics.text());
  for (std::string line; std::getline(text, line);) {
    const auto space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    out[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
  return out;
}

std::size_t series(const Metrics& metrics) {
  return samples(metrics).size();
}

TEST(Metrics, ARequestIsCountedOnceUnderItsConfiguredNames) {
  Metrics metrics({{"version", "1.2.3"}}, 1);
  metrics.shard(0).request(answered_request());
  const auto seen = samples(metrics);
  EXPECT_EQ(seen.at("tollgate_requests_total{model=\"rekaai/reka-edge\",team=\"red\","
                    "provider=\"openrouter\",outcome=\"ok\"}"),
            1);
  EXPECT_EQ(seen.at("tollgate_build_info{version=\"1.2.3\"}"), 1);
}

TEST(Metrics, EveryTokenStandsInExactlyOneKind) {
  Metrics metrics({}, 1);
  metrics.shard(0).attempt(answered_attempt());
  const std::string rest =
      ",model=\"rekaai/reka-edge\",team=\"red\",provider=\"openrouter\",source=\"reported\"}";
  const auto seen = samples(metrics);
  EXPECT_EQ(seen.at("tollgate_tokens_total{kind=\"prompt\"" + rest), 60);
  EXPECT_EQ(seen.at("tollgate_tokens_total{kind=\"cached_read\"" + rest), 40);
  EXPECT_EQ(seen.at("tollgate_tokens_total{kind=\"completion\"" + rest), 20);
  EXPECT_EQ(seen.at("tollgate_tokens_total{kind=\"reasoning\"" + rest), 10);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("kind=\"audio_input\""))) << "absent is not zero";
}

TEST(Metrics, MoneyIsSummedAsWholePicoUsd) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  record.cost = {PicoUsd{100'000}, Source::reported};  // 0.0000001 USD: no double holds it exactly
  for (int i = 0; i < 1'000; ++i) metrics.shard(0).attempt(record);
  EXPECT_EQ(samples(metrics).at("tollgate_cost_usd_total{model=\"rekaai/reka-edge\","
                                "team=\"red\",provider=\"openrouter\",source=\"reported\"}"),
            0.0001);
}

TEST(Metrics, AnUnknownCostIsADoubtAndNeverZeroMoney) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  record.cost = {};
  metrics.shard(0).attempt(record);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("tollgate_cost_usd_total{")));
  EXPECT_THAT(metrics.text(), HasSubstr("reason=\"unknown_cost\"} 1"));
}

TEST(Metrics, AReportedZeroForAPaidModelRaisesTheAlarm) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  record.usage.reported_cost = PicoUsd{0};
  metrics.shard(0).attempt(record);
  const auto seen = samples(metrics);
  const std::string labels = R"({provider="openrouter",model="rekaai/reka-edge"})";
  EXPECT_EQ(seen.at("tollgate_zero_cost_alarms_total" + labels), 1);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("tollgate_compared_priced_usd_total{")))
      << "it would hide a drift";
}

TEST(Metrics, G21_WhereTwoPutAPriceOnAnAttemptBothAreCounted) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  record.priced = PicoUsd{10'000'000'000};
  record.usage.reported_cost = PicoUsd{12'000'000'000};
  record.cost = {record.usage.reported_cost, Source::reported};
  metrics.shard(0).attempt(record);
  metrics.shard(0).attempt(record);
  record.usage.tokens = Source::estimated;
  metrics.shard(0).attempt(record);
  record.usage.tokens = Source::reported;
  record.priced.reset();
  metrics.shard(0).attempt(record);
  const auto seen = samples(metrics);
  const std::string labels = R"({provider="openrouter",model="rekaai/reka-edge",told_by="answer"})";
  EXPECT_EQ(seen.at("tollgate_compared_priced_usd_total" + labels), 0.02);
  EXPECT_EQ(seen.at("tollgate_compared_reported_usd_total" + labels), 0.024);
}

TEST(Metrics, G21_WhatReceiptsSayIsComparedTheSameWayAndKeptApart) {
  Metrics metrics({}, 1);
  gateway::metrics::Shard of_the_ledgers_thread;
  metrics.include(of_the_ledgers_thread);
  UsageRecord record = answered_attempt();
  of_the_ledgers_thread.compared(record, gateway::ToldBy::receipt,
                                 {PicoUsd{10'000'000'000}, PicoUsd{13'000'000'000}});
  metrics.shard(0).compared(record, gateway::ToldBy::answer,
                            {PicoUsd{20'000'000'000}, PicoUsd{20'000'000'000}});
  const auto seen = samples(metrics);
  const std::string labels =
      R"({provider="openrouter",model="rekaai/reka-edge",told_by="receipt"})";
  EXPECT_EQ(seen.at("tollgate_compared_priced_usd_total" + labels), 0.01);
  EXPECT_EQ(seen.at("tollgate_compared_reported_usd_total" + labels), 0.013);
}

TEST(Metrics, WhatCouldNotBeWrittenDownIsCounted) {
  Metrics metrics({}, 2);
  EXPECT_EQ(samples(metrics).at("tollgate_journal_refused_total"), 0) << "there before the first";
  metrics.shard(0).journal_refused();
  metrics.shard(1).journal_refused();
  EXPECT_EQ(samples(metrics).at("tollgate_journal_refused_total"), 2);
}

TEST(Metrics, ASuspectUsageIsCountedAndFlagged) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  record.usage.suspect = true;
  metrics.shard(0).attempt(record);
  EXPECT_THAT(metrics.text(), HasSubstr("tollgate_tokens_total{kind=\"prompt\""));
  EXPECT_THAT(metrics.text(), HasSubstr("reason=\"suspect_count\"} 1"));
}

TEST(Metrics, AFailedAttemptNamesItsError) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  record.outcome = Outcome::failed;
  record.error = ErrorCode::upstream_busy;
  record.usage = {};
  record.cost = {PicoUsd{0}, Source::reported};
  metrics.shard(0).attempt(record);
  EXPECT_THAT(
      metrics.text(),
      HasSubstr("tollgate_attempts_total{provider=\"openrouter\",model=\"rekaai/reka-edge\","
                "outcome=\"failed\",error=\"upstream_busy\"} 1"));
}

TEST(Metrics, DurationsFallIntoTheBucketThatHoldsThem) {
  Metrics metrics({}, 1);
  RequestSummary summary = answered_request();
  for (const int millis : {250, 251, 1'000'000}) {
    summary.duration = std::chrono::milliseconds(millis);
    metrics.shard(0).request(summary);
  }
  const auto bucket = [&](const std::string& bound) {
    return samples(metrics).at(
        "tollgate_request_duration_seconds_bucket{provider=\"openrouter\","
        "model=\"rekaai/reka-edge\",outcome=\"ok\",le=\"" +
        bound + "\"}");
  };
  EXPECT_EQ(bucket("0.1"), 0);
  EXPECT_EQ(bucket("0.25"), 1) << "a bound belongs to its bucket";
  EXPECT_EQ(bucket("0.5"), 2);
  EXPECT_EQ(bucket("900"), 2);
  EXPECT_EQ(bucket("+Inf"), 3);
  EXPECT_THAT(metrics.text(), HasSubstr("tollgate_gateway_overhead_seconds_count 3\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("tollgate_time_to_first_token_seconds_count{"));
}

TEST(Metrics, AScrapeSumsTheWorkersAndKeepsTheirGaugesApart) {
  Metrics metrics({}, 2);
  metrics.shard(0).request(answered_request());
  metrics.shard(1).request(answered_request());
  metrics.shard(0).stream_opened();
  metrics.shard(1).stream_opened();
  metrics.shard(1).stream_opened();
  metrics.shard(1).stream_closed();
  metrics.shard(1).connection_opened();
  EXPECT_THAT(metrics.text(), HasSubstr("outcome=\"ok\"} 2\n"));
  const auto seen = samples(metrics);
  EXPECT_EQ(seen.at("tollgate_open_streams{worker=\"0\"}"), 1);
  EXPECT_EQ(seen.at("tollgate_open_streams{worker=\"1\"}"), 1);
  EXPECT_EQ(seen.at("tollgate_open_connections{worker=\"0\"}"), 0);
  EXPECT_EQ(seen.at("tollgate_open_connections{worker=\"1\"}"), 1);
}

TEST(Metrics, RefusalsAreCountedByReason) {
  Metrics metrics({}, 1);
  metrics.shard(0).rejected(ErrorCode::invalid_key);
  metrics.shard(0).rejected(ErrorCode::invalid_key);
  EXPECT_THAT(metrics.text(), HasSubstr("tollgate_rejected_total{reason=\"invalid_key\"} 2\n"));
}

TEST(Metrics, X07_NamesWithoutEndDoNotMakeSeriesWithoutEnd) {
  Metrics metrics({}, 1);
  UsageRecord record = answered_attempt();
  constexpr int kNames = 100'000;
  for (int i = 0; i < kNames; ++i) {
    record.model = config::ModelName("model-" + std::to_string(i));
    record.team = config::TeamName("team-" + std::to_string(i));
    metrics.shard(0).attempt(record);
  }
  EXPECT_LT(series(metrics), 7'000U);  // three families of at most 1,000, one with four kinds

  double sum = 0;
  for (const auto& [name, value] : samples(metrics)) {
    if (name.starts_with("tollgate_attempts_total{")) sum += value;
  }
  EXPECT_EQ(sum, kNames) << "what has no series of its own is still counted";
}

TEST(Metrics, ProcessFiguresAreShown) {
  const auto seen = samples(Metrics({}, 1));
  EXPECT_GT(seen.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(seen.at("process_open_fds"), 2);
  EXPECT_GT(seen.at("process_start_time_seconds"), 1.7e9);
}

TEST(Metrics, AScrapeRunsWhileAWorkerAddsSeries) {
  Metrics metrics({}, 1);
  constexpr int kAttempts = 5'000;
  std::atomic<bool> done{false};
  std::thread worker([&] {
    UsageRecord record = answered_attempt();
    for (int i = 0; i < kAttempts; ++i) {
      record.model = config::ModelName("model-" + std::to_string(i % 500));
      metrics.shard(0).attempt(record);
      metrics.shard(0).request(answered_request());
    }
    done = true;
  });
  std::size_t before = 0;
  while (!done) {
    const std::size_t now = series(metrics);
    EXPECT_GE(now, before) << "series never go";
    before = now;
  }
  worker.join();
  EXPECT_THAT(metrics.text(), HasSubstr("outcome=\"ok\"} 5000\n"));
}

}  // namespace
