#include "gateway/ledger/usage_report.h"

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/usage_text.h"
#include "tests/gateway/ledger/sqlite/open_ledger.h"
#include "tests/gateway/ledger/sqlite/records.h"

namespace gateway {
namespace {

using config::Clock;
using config::PicoUsd;
using std::chrono::hours;
using std::chrono::minutes;
using test::kNoon;
using test::record;
using testing::ElementsAre;
using testing::HasSubstr;

class UsageReportTest : public test::OpenLedger {
 protected:
  UsageReport report(const std::vector<Parameter>& parameters, Clock::Wall now = kNoon) {
    auto query = read_usage_query(parameters, now, "UTC", 0);
    EXPECT_TRUE(query) << query.error().message;
    auto reader = sqlite::open_for_reading(path_, {});
    EXPECT_TRUE(reader) << reader.error().message;
    auto out = usage_report(*reader, *query, now);
    EXPECT_TRUE(out) << out.error().message << out.error().detail;
    return *std::move(out);
  }
  static std::vector<std::string> costs(const UsageGroup& group) {
    std::vector<std::string> out;
    for (const Sums& sums : group.series) out.push_back(to_usd(sums.cost()));
    return out;
  }
};

UsageRecord of(int number, const char* team, const char* key, Clock::Wall started = kNoon) {
  UsageRecord out = record(number, started);
  out.team = config::TeamName(team);
  out.key = config::KeyName(key);
  return out;
}

TEST_F(UsageReportTest, GroupsComeDearestFirstWithTheirDays) {
  append({of(1, "a", "x"), of(2, "b", "y"), of(3, "b", "y", kNoon - hours(24)),
          of(4, "c", "z", kNoon - hours(24 * 9))});
  const auto all = report({{"by", "team"}, {"since", "2025-06-14"}, {"until", "2025-06-16"}});
  ASSERT_EQ(all.groups.size(), 2U);
  EXPECT_THAT(all.groups[0].names, ElementsAre("b"));
  EXPECT_THAT(costs(all.groups[0]), ElementsAre("1", "1"));
  EXPECT_THAT(all.groups[1].names, ElementsAre("a"));
  EXPECT_THAT(costs(all.groups[1]), ElementsAre("0", "1"));
  EXPECT_EQ(all.total.attempts, 3);
  EXPECT_EQ(all.total.tokens.cached_read, 120);
  EXPECT_TRUE(all.partial_last);
}

TEST_F(UsageReportTest, RequestsAreCountedOnceHoweverManyAttempts) {
  UsageRecord second = record(1);
  second.attempt = 2;
  append({record(1), second});
  const auto all = report({});
  EXPECT_EQ(all.total.attempts, 2);
  EXPECT_EQ(all.total.requests, 1);
}

TEST_F(UsageReportTest, DaysAreThoseOfTheZone) {
  // 15 June 2025, 18:29 and 18:31 UTC: either side of midnight in Kolkata (+05:30).
  const auto midnight = kNoon + hours(6) + minutes(15);
  append({record(1, midnight - minutes(1)), record(2, midnight), record(3, midnight + minutes(1))});
  const std::vector<Parameter> days{{"since", "2025-06-15"}, {"until", "2025-06-17"}};
  EXPECT_THAT(costs(report(days).groups[0]), ElementsAre("3", "0"));
  auto there = days;
  there.emplace_back("zone", "Asia/Kolkata");
  EXPECT_THAT(costs(report(there).groups[0]), ElementsAre("1", "2"));
}

TEST_F(UsageReportTest, ADayOfTwentyThreeHoursIsOneDay) {
  // Berlin puts its clocks forward on 30 March 2025.
  const Clock::Wall begins = std::chrono::sys_days{std::chrono::year{2025} / 3 / 29} + hours(23);
  append({record(1, begins), record(2, begins + hours(23) - minutes(1)),
          record(3, begins + hours(23))});
  const auto all =
      report({{"zone", "Europe/Berlin"}, {"since", "2025-03-30"}, {"until", "2025-04-01"}});
  EXPECT_THAT(costs(all.groups[0]), ElementsAre("2", "1"));
  EXPECT_EQ(all.buckets[0].ends - all.buckets[0].begins, hours(23));
}

TEST_F(UsageReportTest, ThePreviousTimeIsAsLongAsHasGoneBy) {
  // Yesterday before and after this time of day; today.
  append({record(1, kNoon - hours(24) - minutes(1)), record(2, kNoon - hours(24) + minutes(1)),
          record(3, kNoon - minutes(1))});
  const auto all = report(
      {{"by", "team"}, {"since", "2025-06-15"}, {"until", "2025-06-16"}, {"compare", "previous"}});
  EXPECT_EQ(to_usd(*all.previous), "1");
  EXPECT_EQ(to_usd(*all.groups[0].previous), "1");
  EXPECT_EQ(to_usd(all.total.cost()), "1");
}

TEST_F(UsageReportTest, FiltersOfOneKindAreAlternativesAndKindsNarrow) {
  append({of(1, "a", "x"), of(2, "b", "y"), of(3, "c", "y"), of(4, "a", "z")});
  EXPECT_EQ(report({{"filter", "team:a"}}).total.attempts, 2);
  EXPECT_EQ(report({{"filter", "team:a"}, {"filter", "team:b"}}).total.attempts, 3);
  EXPECT_EQ(report({{"filter", "team:a"}, {"filter", "key:x"}}).total.attempts, 1);
  EXPECT_EQ(report({{"filter", "team:nobody"}}).total.attempts, 0);
}

TEST_F(UsageReportTest, TagsAreGroupsAndTheTotalIsStillThatOfTheRecords) {
  UsageRecord both = record(1);
  both.tags = {{"project", "x"}, {"customer", "y"}};
  UsageRecord one = record(2, kNoon + minutes(1));
  one.tags = {{"project", "x"}};
  append({both, one, record(3)});
  const auto all = report({{"by", "tag"}});
  ASSERT_EQ(all.groups.size(), 2U);
  EXPECT_THAT(all.groups[0].names, ElementsAre("project=x"));
  EXPECT_EQ(to_usd(all.groups[0].total.cost()), "2");
  EXPECT_THAT(all.groups[1].names, ElementsAre("customer=y"));
  EXPECT_EQ(to_usd(all.total.cost()), "3");
  EXPECT_EQ(report({{"filter", "tag:project=x"}}).total.attempts, 2);
  // Read from the records, where the time does not begin with a slot.
  EXPECT_EQ(report({{"filter", "tag:project=x"},
                    {"since", "2025-06-15T12:15:30Z"},
                    {"until", "2025-06-15T12:16:01Z"}})
                .total.attempts,
            1);
}

// The sums, however they are cut, are those of the records.
TEST_F(UsageReportTest, EveryCutAddsUpToItsRecords) {
  std::mt19937_64 random(3);
  std::vector<UsageRecord> records;
  const Clock::Wall begin = kNoon - hours(24 * 40);
  for (int i = 0; i < 2000; ++i) {
    const auto after = std::chrono::seconds(random() % (80UL * 86'400));
    UsageRecord one = of(i, random() % 2 == 0 ? "a" : "b", "x", begin + after);
    one.cost.amount = PicoUsd{static_cast<std::int64_t>(random() % 1'000'000'000)};
    records.push_back(one);
  }
  append(records);
  for (int round = 0; round < 40; ++round) {
    const Clock::Wall since = begin + std::chrono::seconds(random() % (70UL * 86'400));
    const Clock::Wall until = since + std::chrono::seconds(1 + random() % (9UL * 86'400));
    MoneySum expected = 0;
    for (const UsageRecord& one : records) {
      if (since <= one.started && one.started < until) expected += one.cost.amount->value;
    }
    for (const char* step : {"none", "hour", "day", "week", "month"}) {
      for (const char* zone : {"UTC", "Asia/Kathmandu", "America/St_Johns"}) {
        const auto all = report({{"by", "team"},
                                 {"step", step},
                                 {"zone", zone},
                                 {"since", config::rfc3339(since, zone)},
                                 {"until", config::rfc3339(until, zone)}});
        ASSERT_EQ(to_usd(all.total.cost()), to_usd(expected)) << step << zone;
      }
    }
  }
}

TEST_F(UsageReportTest, JsonHasTheShapeOfTheAdminApi) {
  append({of(1, "Rese\"arch", "x")});
  EXPECT_EQ(usage_json(report({{"by", "team"},
                               {"since", "2025-06-14"},
                               {"until", "2025-06-16"},
                               {"zone", "Europe/Berlin"},
                               {"compare", "previous"}}),
                       7),
            R"({"as_of":"2025-06-15T14:15:00+02:00","zone":"Europe/Berlin","ledger_lag_ms":7,)"
            R"("since":"2025-06-14","until":"2025-06-16","step":"day","partial_last":true,)"
            R"("groups":[{"key":{"team":"Rese\"arch"},"cost":"1","previous":"0","attempts":1,)"
            R"("requests":1,"tokens":{"input":60,"cached":40,"output":20,"reasoning":0},)"
            R"("sure":{"reported":"1","priced":"0","estimated":"0","unknown_records":0},)"
            R"("series":["0","1"]}],"total":{"cost":"1","previous":"0","attempts":1,"requests":1,)"
            R"("tokens":{"input":60,"cached":40,"output":20,"reasoning":0},)"
            R"("sure":{"reported":"1","priced":"0","estimated":"0","unknown_records":0}},)"
            R"("days":["2025-06-14","2025-06-15"],"marks":[]})");
}

TEST_F(UsageReportTest, CsvHasExactDecimalsAndNoTotals) {
  UsageRecord small = of(1, "a,b", "x");
  small.cost.amount = PicoUsd{1};
  append({small});
  const std::vector<Parameter> parameters{
      {"by", "team"}, {"zone", "Europe/Berlin"}, {"since", "2025-06-15"}, {"format", "csv"}};
  auto answer = usage_answer(path_, parameters, kNoon, "UTC", std::nullopt);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body,
            "from_utc,until_utc,from_local,until_local,team,cost_usd,requests,attempts,input,"
            "cached,output,reasoning,reported_usd,priced_usd,estimated_usd,unknown_records\n"
            "2025-06-14T22:00:00+00:00,2025-06-15T22:00:00+00:00,2025-06-15T00:00:00+02:00,"
            "2025-06-16T00:00:00+02:00,\"a,b\",0.000000000001,1,1,60,40,20,0,0.000000000001,0,0,"
            "0\n");
}

TEST_F(UsageReportTest, WhatCannotBeAskedIsNamed) {
  const auto complaint = [&](std::vector<Parameter> parameters) {
    auto answer = usage_answer(path_, parameters, kNoon, "UTC", std::nullopt);
    return answer ? "answered" : answer.error().param + ": " + answer.error().message;
  };
  EXPECT_THAT(complaint({{"by", "team,key,model"}}), HasSubstr("by: 'by' takes up to 2"));
  EXPECT_THAT(complaint({{"by", "colour"}}), HasSubstr("not 'colour'"));
  EXPECT_THAT(complaint({{"by", "team,team"}}), HasSubstr("twice"));
  EXPECT_THAT(complaint({{"step", "minute"}}), HasSubstr("step: "));
  EXPECT_THAT(complaint({{"zone", "Mars/Base"}}), HasSubstr("zone: "));
  EXPECT_THAT(complaint({{"since", "yesterday"}}), HasSubstr("since: "));
  EXPECT_THAT(complaint({{"since", "2025-02-30"}}), HasSubstr("since: "));
  EXPECT_THAT(complaint({{"until", "2025-06-14T10:00:00"}}), HasSubstr("until: "));
  EXPECT_THAT(complaint({{"since", "2025-06-14"}, {"until", "2025-06-14"}}), HasSubstr("before"));
  EXPECT_THAT(complaint({{"filter", "team"}}), HasSubstr("filter: "));
  EXPECT_THAT(complaint({{"filter", "tag:a=b"}, {"filter", "tag:c=d"}}), HasSubstr("one tag"));
  EXPECT_THAT(complaint({{"format", "xml"}}), HasSubstr("format: "));
  EXPECT_THAT(complaint({{"sort", "up"}}), HasSubstr("sort: There is no parameter"));
  EXPECT_THAT(complaint({{"sort", "up"}}), HasSubstr("filter and format"));
  EXPECT_THAT(complaint({{"by", "team,year"}}), HasSubstr("hour, day, week, month"));
  EXPECT_THAT(complaint({{"step", "hour"}, {"since", "2020-01-01"}}),
              HasSubstr("too many numbers"));
}

TEST_F(UsageReportTest, TheDefaultIsThirtyDaysTodayIncluded) {
  const auto all = report({});
  ASSERT_EQ(all.buckets.size(), 30U);
  EXPECT_EQ(config::rfc3339(all.buckets.front().begins, "UTC"), "2025-05-17T00:00:00+00:00");
  EXPECT_EQ(config::rfc3339(all.buckets.back().ends, "UTC"), "2025-06-16T00:00:00+00:00");
}

}  // namespace
}  // namespace gateway
