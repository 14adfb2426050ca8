#include "gateway/ledger/chain.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/verify.h"
#include "tests/gateway/ledger/sqlite/open_ledger.h"
#include "tests/gateway/ledger/sqlite/records.h"

namespace gateway {
namespace {

using config::PicoUsd;

constexpr LinkForm kForms[] = {LinkForm::wide, LinkForm::compact};

std::string canonical(const UsageRecord& record, LinkForm form, std::int64_t revision = 0) {
  std::string out;
  append_canonical(out, record, revision, form);
  return out;
}

TEST(Chain, EveryFieldCounts) {
  const std::vector<std::function<void(UsageRecord&)>> changes = {
      [](auto& r) { r.request = config::RequestId("none of ours"); },
      [](auto& r) { r.request = config::RequestId(test::request_id(8)); },
      [](auto& r) { r.attempt = 2; },
      [](auto& r) { r.key = config::KeyName("ada2"); },
      [](auto& r) { r.team = config::TeamName(""); },
      [](auto& r) { r.model = config::ModelName("flashy"); },
      [](auto& r) { r.provider = config::ProviderName("on"); },
      [](auto& r) { r.target = config::TargetName("premonprem/flash"); },
      [](auto& r) { r.upstream_model = "flash-3"; },
      [](auto& r) { r.upstream_id = ""; },
      [](auto& r) { r.operation = providers::Operation::embeddings; },
      [](auto& r) { r.streamed = false; },
      [](auto& r) { r.outcome = Outcome::stopped; },
      [](auto& r) { r.maybe_billed = true; },
      [](auto& r) { r.error = config::ErrorCode::upstream_timeout; },
      [](auto& r) { r.usage.prompt.reset(); },
      [](auto& r) { r.usage.prompt = -100; },
      [](auto& r) { std::swap(r.usage.prompt, r.usage.cached_write); },
      [](auto& r) { r.usage.cached_read = 41; },
      [](auto& r) { r.usage.audio_input = 0; },
      [](auto& r) { r.usage.image_input = 0; },
      [](auto& r) { r.usage.completion = 21; },
      [](auto& r) { r.usage.reasoning = 0; },
      [](auto& r) { r.usage.audio_output = 0; },
      [](auto& r) { r.usage.tokens = providers::Source::estimated; },
      [](auto& r) { r.usage.reported_cost = PicoUsd{1}; },
      [](auto& r) { r.usage.reported_cost_text = "1.0"; },
      [](auto& r) { r.usage.price_variant = "high"; },
      [](auto& r) { r.usage.suspect = true; },
      [](auto& r) { r.cost.amount.reset(); },
      [](auto& r) { r.cost.source = providers::Source::priced; },
      [](auto& r) { r.priced.reset(); },
      [](auto& r) { r.overrun = true; },
      [](auto& r) { r.client_gone = config::OnClientGone::cancel; },
      [](auto& r) { r.client_gone = config::OnClientGone::drain; },
      [](auto& r) { r.tags = {{"project", "x"}}; },
      [](auto& r) { r.tags = {{"project", ""}, {"x", ""}}; },
      [](auto& r) { r.started += std::chrono::microseconds(1); },
      [](auto& r) { r.duration += std::chrono::microseconds(1); },
      [](auto& r) { r.first_content.reset(); },
      [](auto& r) { r.first_content = std::chrono::microseconds(0); },
  };
  for (const LinkForm form : kForms) {
    std::set<std::string> seen{canonical(test::record(7), form),
                               canonical(test::record(7), form, 1)};
    for (const auto& change : changes) {
      UsageRecord record = test::record(7);
      change(record);
      seen.insert(canonical(record, form));
    }
    EXPECT_EQ(seen.size(), changes.size() + 2);
  }
}

// What stands in ledgers was hashed so.
TEST(Chain, AFormStaysAsItIs) {
  UsageRecord record = test::record(7);
  record.error = config::ErrorCode::upstream_timeout;
  record.client_gone = config::OnClientGone::drain;
  record.tags = {{"project", "x"}};
  const auto link = [&](LinkForm form) {
    return config::to_hex(next_link(first_link("identity"), record, 2, form));
  };
  EXPECT_EQ(link(LinkForm::wide),
            "e44ed73e78ceff3bff2fe7a60bb93ce8b53869ec7f7c8a721fd981924b04a8b2");
  EXPECT_EQ(link(LinkForm::compact),
            "6cd1512a6b03a3fb8e657727700fb49fe5b100fc053d456b628d6f5804a24594");
}

class ChainOfAnOlderLedger : public test::OpenLedger {
 protected:
  Verdict verdict() { return test::verdict_of(path_); }
  // As the version before left it: all links of the wide form.
  void make_older() {
    sqlite::Database& database = ledger_->database();
    auto before = first_link(ledger_->identity());
    std::int64_t last = 0;
    {
      auto names = Names::open(database);
      auto select = prepare_select(database, "ORDER BY r.id");
      auto update = database.prepare("UPDATE record SET hash = ?1 WHERE id = ?2");
      while (*select->step()) {
        const RecordRow row = *read_row(*select, *names);
        last = row.id;
        before = next_link(before, row.record, row.revision, LinkForm::wide);
        const std::string_view hash(reinterpret_cast<const char*>(before.data()), before.size());
        ASSERT_TRUE(update->with(sqlite::Blob{hash}, row.id).run());
      }
    }
    const auto done =
        database.run(fmt::format("UPDATE meta SET value = '{} {}' WHERE name = 'head';"
                                 "DELETE FROM meta WHERE name = '{}'; PRAGMA user_version = 3;",
                                 last, config::to_hex(before), kCompactAfter));
    ASSERT_TRUE(done) << done.error().detail;
  }
};

TEST_F(ChainOfAnOlderLedger, IsVerifiedAsItWasWrittenAndGoesOn) {
  append({test::record(1), test::record(2)});
  make_older();
  reopen();
  EXPECT_THAT(verdict().findings, testing::IsEmpty());
  append({test::record(3)});
  ASSERT_EQ(*ledger_->correct({{{config::RequestId(test::request_id(1)), 1, PicoUsd{7}}}}), 1);
  reopen();
  EXPECT_THAT(verdict().findings, testing::IsEmpty());
  EXPECT_EQ(verdict().records, 4);

  ASSERT_TRUE(ledger_->database().run("UPDATE record SET cost = 8 WHERE id = 2"));
  EXPECT_THAT(verdict().findings, testing::Contains(testing::HasSubstr("record 2 (request")));
}

TEST_F(ChainOfAnOlderLedger, WithoutRecordsBeginsWithTheCompactForm) {
  make_older();
  reopen();
  append({test::record(1)});
  EXPECT_THAT(verdict().findings, testing::IsEmpty());
}

}  // namespace
}  // namespace gateway
