// `tollgate reconcile`: what no provider told is asked for afterwards, and booked once.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/upstream_simulator/usage_plan.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

// A gateway of its own for each test, since each stops it.
class Reconcile : public testing::Test {
 protected:
  Reconcile() {
    using std::filesystem::perms;
    // Else every subcommand begins with warnings.
    std::filesystem::permissions(gateway_.folder().file("tollgate.yaml"),
                                 perms::owner_read | perms::owner_write);
  }

  struct Run {
    int status = -1;
    std::string printed;
  };
  Run tollgate(std::vector<std::string> arguments) {
    const test::TempDir folder;
    arguments.emplace_back("--config");
    arguments.push_back(gateway_.folder().file("tollgate.yaml"));
    test::ChildProcess program(TOLLGATE_PROGRAM, arguments, {}, folder.file("log"));
    const auto status = program.wait(seconds(60));
    return {status.value_or(-1), program.log()};
  }
  Run reconcile(std::vector<std::string> more = {}) {
    more.insert(more.begin(), "reconcile");
    return tollgate(std::move(more));
  }
  static js::object parsed(const Run& run) {
    auto value = simulator::parse_json(run.printed);
    EXPECT_TRUE(value && value->is_object()) << run.status << " " << run.printed;
    return value && value->is_object() ? value->get_object() : js::object();
  }
  // How many attempts came to which verdict.
  static std::map<std::string, std::int64_t> verdicts(const Run& run) {
    std::map<std::string, std::int64_t> out;
    const auto json = parsed(run);
    if (json.empty()) return out;
    for (const auto& entry : json.at("summary").at("counts").as_object()) {
      out[std::string(entry.key())] = entry.value().to_number<std::int64_t>();
    }
    return out;
  }

  HttpAnswer ask(std::string_view model, std::string_view more = "") {
    test::HttpClient client(gateway_.client_port());
    const auto body = fmt::format(
        R"({{"model":"openrouter/{}","messages":[{{"role":"user","content":"hello"}}]{}}})", model,
        more);
    return client.post("/v1/chat/completions", body,
                       {{"Authorization", fmt::format("Bearer {}", kKey)}});
  }
  void stream(std::string_view model) { ask(model, R"(,"stream":true)"); }
  void stop() { EXPECT_EQ(gateway_.stop(), 0) << gateway_.log(); }

  // The latest row of every attempt, by what the upstream calls it.
  std::map<std::string, js::object> booked() {
    std::map<std::string, js::object> out;
    const auto run = tollgate({"ledger", "export", "--format", "json"});
    std::string_view rest = run.printed;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      auto row = simulator::parse_json(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      EXPECT_TRUE(row) << run.printed;
      if (!row) break;
      // Rows come in the order of the chain: a correction behind what it corrects.
      std::string id(row->as_object().at("upstream_id").as_string());
      out[std::move(id)] = std::move(row->as_object());
    }
    return out;
  }

  // What the provider charged in the end for what it answered last.
  void receipt_of_last_says(std::string_view usd) {
    const auto last = simulator_.state().log.entries().back();
    simulator_.state().remember_generation(
        fmt::format("gen-1790000000-{}", last.number),
        {{"total_cost", simulator::exact_number(usd)},
         {"native_tokens_prompt", last.accounting.prompt_tokens},
         {"native_tokens_completion", last.accounting.completion_tokens}});
  }

  simulator::Simulator simulator_;
  test::GatewayProcess gateway_{TOLLGATE_PROGRAM, configuration(simulator_.url())};
};

TEST_F(Reconcile, WhatNoProviderToldIsBookedFromItsReceiptAndOnlyOnce) {
  EXPECT_EQ(ask("ok").status, 200);
  EXPECT_EQ(ask("usage-no-cost").status, 200);    // priced
  EXPECT_EQ(ask("usage-none").status, 200);       // estimated
  EXPECT_EQ(ask("usage-cost-zero").status, 200);  // priced, with an alarm
  stream("reset-after-2");                        // estimated, broken
  stop();

  const auto first = reconcile({"--format", "json"});
  EXPECT_EQ(verdicts(first), (std::map<std::string, std::int64_t>{{"corrected", 4}}))
      << first.printed;
  EXPECT_EQ(first.status, 0);
  const auto second = reconcile({"--format", "json"});
  EXPECT_TRUE(verdicts(second).empty()) << second.printed;

  const auto rows = booked();
  ASSERT_EQ(rows.size(), 5U);
  std::int64_t sum = 0;
  for (const auto& [id, row] : rows) {
    EXPECT_EQ(row.at("cost_source").as_string(), "reported") << id;
    EXPECT_EQ(row.at("token_source").as_string(), "reported") << id;
  }
  for (const auto& entry : simulator_.state().log.entries()) {
    const auto found = rows.find(fmt::format("gen-1790000000-{}", entry.number));
    if (found == rows.end()) continue;  // asked for its receipt
    sum += entry.accounting.pico_usd;
    EXPECT_EQ(found->second.at("cost_usd").as_string(),
              simulator::usd_text(entry.accounting.pico_usd));
  }
  EXPECT_GT(sum, 0);
  EXPECT_EQ(tollgate({"ledger", "verify"}).status, 0);
}

TEST_F(Reconcile, AReceiptThatIsNotThereYetIsAskedForAgain) {
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  stop();
  simulator_.state().give(
      {.dialect = "openrouter", .model = "*", .times = 3, .faults = {"404"}, .script = nullptr});
  EXPECT_EQ(verdicts(reconcile({"--format", "json"})),
            (std::map<std::string, std::int64_t>{{"none_yet", 2}}));
  EXPECT_EQ(verdicts(reconcile({"--format", "json"})),
            (std::map<std::string, std::int64_t>{{"none_yet", 1}, {"corrected", 1}}));
  EXPECT_EQ(verdicts(reconcile({"--format", "json"})),
            (std::map<std::string, std::int64_t>{{"corrected", 1}}));
}

TEST_F(Reconcile, WhatHasNoIdToAskByIsSaidWithWhatItIsBookedAt) {
  EXPECT_EQ(ask("reset-before-head").status, 502);
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  stop();
  EXPECT_THAT(reconcile({"--dry-run"}).printed, HasSubstr(", in answers -, receipts "));
  const auto run = reconcile({"--format", "json"});
  EXPECT_EQ(verdicts(run), (std::map<std::string, std::int64_t>{{"corrected", 1}, {"no_id", 1}}))
      << run.printed;
  EXPECT_EQ(run.status, 0) << "nothing more can be done about it";
  const auto json = parsed(run);
  const auto& summary = json.at("summary").as_object();
  EXPECT_TRUE(summary.at("totals").as_array().at(0).at("in_answer").is_null());
  const auto rows = booked();
  EXPECT_EQ(summary.at("no_id_booked").as_string(), rows.at("").at("cost_usd").as_string());
  EXPECT_NE(summary.at("no_id_booked").as_string(), "0");
  EXPECT_EQ(summary.at("without_receipts").to_number<int>(), 0);
  EXPECT_THAT(reconcile().printed, AllOf(HasSubstr("no_id\n"), HasSubstr("1 no_id to ask by ("),
                                         HasSubstr(" USD booked)")));
}

TEST_F(Reconcile, AReceiptOfNothingForPaidTokensIsAnAlarmAndNoPrice) {
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  stop();
  receipt_of_last_says("0");
  const auto before = booked();
  const auto run = reconcile({"--format", "json"});
  EXPECT_EQ(verdicts(run), (std::map<std::string, std::int64_t>{{"zero", 1}}));
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(booked(), before);
}

TEST_F(Reconcile, G21_ThreeNumbersStandSideBySideAndTheDriftBehindThem) {
  EXPECT_EQ(ask("ok").status, 200);
  stop();
  const auto told = simulator_.state().log.entries().back().accounting.pico_usd;
  receipt_of_last_says(simulator::usd_text(told + told / 10));
  const auto unasked = reconcile({"--format", "json"});
  EXPECT_TRUE(verdicts(unasked).empty()) << "its answer told what it cost";

  const auto run = reconcile({"--all", "--dry-run", "--format", "json"});
  const auto json = parsed(run);
  const auto& attempt = json.at("attempts").as_array().at(0).as_object();
  const auto ours = attempt.at("ours").as_string();
  EXPECT_EQ(attempt.at("in_answer").as_string(), ours);
  EXPECT_NE(attempt.at("receipt").as_string(), ours);
  EXPECT_EQ(attempt.at("verdict").as_string(), "corrected");
  EXPECT_EQ(json.at("summary").at("totals").as_array().at(0).at("drift").as_string(), "0.1000");
  const auto rows = booked();
  EXPECT_EQ(rows.begin()->second.at("cost_usd").as_string(), ours) << "a dry run books nothing";

  EXPECT_THAT(reconcile({"--all", "--dry-run"}).printed,
              AllOf(HasSubstr("our price"), HasSubstr("(+10.00%)"), HasSubstr("dry run")));
  const auto csv = reconcile({"--all", "--dry-run", "--format", "csv"}).printed;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2);
}

TEST_F(Reconcile, BesideARunningGatewayThatOneBooksAndTheOutputIsTheSame) {
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  ASSERT_TRUE(test::wait_for(seconds(10), [&] { return booked().size() == 2; }));
  const auto foreseen = reconcile({"--dry-run"});
  const auto csv = reconcile({"--dry-run", "--format", "csv"});

  auto run = reconcile();
  EXPECT_EQ(run.status, 0) << run.printed;
  const std::string_view dry = "; nothing was booked (dry run)";
  auto expected = foreseen.printed;
  ASSERT_NE(expected.find(dry), std::string::npos);
  EXPECT_EQ(run.printed, expected.erase(expected.find(dry), dry.size()));
  EXPECT_EQ(std::count(csv.printed.begin(), csv.printed.end(), '\n'), 3);
  EXPECT_EQ(reconcile({"--format", "csv"}).printed,
            csv.printed.substr(0, csv.printed.find('\n') + 1))
      << "nothing is left to ask for";
  EXPECT_TRUE(verdicts(reconcile({"--format", "json"})).empty());
  EXPECT_EQ(verdicts(reconcile({"--all", "--format", "json"})),
            (std::map<std::string, std::int64_t>{{"agrees", 2}}));

  for (const auto& [id, row] : booked()) EXPECT_EQ(row.at("cost_source").as_string(), "reported");
  test::HttpClient client(gateway_.admin_port());
  const std::string text = client.get("/metrics").body;
  EXPECT_THAT(text, AllOf(HasSubstr(R"(tollgate_reconcile_receipts_total{verdict="corrected"} 2)"),
                          HasSubstr(R"(told_by="receipt"})")));
  EXPECT_THAT(tollgate({"keys", "audit"}).printed, HasSubstr("reconcile"));
  EXPECT_EQ(ask("ok").status, 200);
}

TEST_F(Reconcile, ReportsTheApiAndMetricsGiveTheSameSums) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("ok").status, 200);
  EXPECT_EQ(ask("usage-no-cost").status, 200);
  stream("reset-after-2");
  const auto reported = [&] {
    const auto json = parsed(tollgate({"usage", "--format", "json", "--by", "key,model,day"}));
    return json.empty() ? "" : std::string(json.at("total").at("cost").as_string());
  };
  const auto scraped = [&] {
    test::HttpClient client(gateway_.admin_port());
    const std::string text = client.get("/metrics").body;
    constexpr std::string_view kName = "\ntollgate_cost_usd_total{";
    double sum = 0;
    for (auto at = text.find(kName); at != std::string::npos; at = text.find(kName, at + 1)) {
      sum += std::stod(text.substr(text.find("} ", at) + 2));
    }
    return sum;
  };
  EXPECT_GT(scraped(), 0);
  // The ledger is a moment behind.
  EXPECT_TRUE(test::wait_for(seconds(20),
                             [&] {
                               const auto told = reported();
                               return !told.empty() &&
                                      std::abs(std::stod(told) / scraped() - 1) < 1e-12;
                             }))
      << reported() << " in the ledger, " << scraped() << " in the metrics";

  test::HttpClient admin(gateway_.admin_port());
  std::string token = test::read_file(gateway_.folder().file("admin.token"));
  token.pop_back();
  const HeaderFields allowed{{"Authorization", "Bearer " + token}};
  const auto json = admin.get("/api/usage?by=key%2Cmodel&step=day", allowed);
  ASSERT_EQ(json.status, 200U) << json.body;
  const auto told = simulator::parse_json(json.body);
  ASSERT_TRUE(told) << json.body;
  EXPECT_EQ(told->at("total").at("cost").as_string(), reported());
  EXPECT_EQ(told->at("groups").as_array().at(0).at("requests").as_int64(), 7);
  EXPECT_FALSE(told->at("ledger_lag_ms").is_null());
  const auto csv = admin.get("/api/usage?by=key&step=none&format=csv", allowed);
  EXPECT_TRUE(csv.header("content-type").starts_with("text/csv"));
  EXPECT_EQ(std::count(csv.body.begin(), csv.body.end(), '\n'), 2) << csv.body;
  EXPECT_EQ(admin.get("/api/usage?by=nothing", allowed).status, 400U);
  EXPECT_EQ(admin.get("/api/usage?zone=%FF", allowed).status, 400U);
  EXPECT_EQ(admin.get("/api/usage").status, 401U);
}

TEST_F(Reconcile, AProviderThatRefusesIsAskedOnce) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("usage-no-cost").status, 200);
  stop();
  simulator_.state().expect_keys("openrouter", {"another"});
  const auto before = simulator_.state().log.totals().requests;
  const auto run = reconcile({"--format", "json"});
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(verdicts(run), (std::map<std::string, std::int64_t>{{"failed", 1}, {"not_asked", 2}}));
  EXPECT_THAT(run.printed, HasSubstr("it answers 401"));
  EXPECT_EQ(simulator_.state().log.totals().requests, before + 1);
}

// In the small: the long form is the kill test's, which compares sums.
TEST_F(Reconcile, D15_TheLedgerAgreesWithTheProvidersBooksTokenByToken) {
  constexpr std::pair<const char*, bool> kKinds[] = {{"ok", false},
                                                     {"ok", true},
                                                     {"usage-none", false},
                                                     {"usage-none", true},
                                                     {"reset-after-3", true},
                                                     {"usage-cached", true},
                                                     {"usage-no-cost", true},
                                                     {"end-after-2", true},
                                                     {"ok", true},
                                                     {"usage-cost-zero", false}};
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& [model, streamed] : kKinds) {
      // A model that failed time and again would not be asked any more.
      ask(fmt::format("{},words-{}", model, 20 + round), streamed ? R"(,"stream":true)" : "");
    }
  }
  stop();
  EXPECT_EQ(reconcile().status, 0);
  const auto rows = booked();
  std::size_t compared = 0;
  for (const auto& entry : simulator_.state().log.entries()) {
    if (entry.accounting.prompt_tokens == 0) continue;  // a question for a receipt
    const auto found = rows.find(fmt::format("gen-1790000000-{}", entry.number));
    ASSERT_NE(found, rows.end()) << entry.number;
    const auto& row = found->second;
    EXPECT_EQ(row.at("prompt_tokens").to_number<std::int64_t>(), entry.accounting.prompt_tokens);
    EXPECT_EQ(row.at("completion_tokens").to_number<std::int64_t>(),
              entry.accounting.completion_tokens);
    EXPECT_EQ(row.at("cost_usd").as_string(), simulator::usd_text(entry.accounting.pico_usd));
    ++compared;
  }
  EXPECT_EQ(compared, std::size(kKinds) * kRounds);
  EXPECT_EQ(compared, rows.size());
}

}  // namespace
}  // namespace e2e
