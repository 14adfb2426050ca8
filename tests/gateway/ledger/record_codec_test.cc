#include "gateway/ledger/record_codec.h"

#include <limits>

#include <gtest/gtest.h>

#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;
using providers::Source;

std::string bytes_of(const auto& entry) {
  std::string out;
  encode(entry, out);
  return out;
}

UsageRecord full_record() {
  UsageRecord record = test::record_of(test::hold_of(7, 3), 4'200);
  record.operation = providers::Operation::embeddings;
  record.outcome = Outcome::truncated;
  record.maybe_billed = true;
  record.error = config::ErrorCode::upstream_garbled;
  record.usage = {.prompt = 100,
                  .cached_read = 20,
                  .cached_write = 0,
                  .audio_input = 5,
                  .image_input = 6,
                  .completion = std::numeric_limits<std::int64_t>::max(),
                  .reasoning = -1,
                  .audio_output = 9,
                  .tokens = Source::estimated,
                  .reported_cost = config::PicoUsd{std::numeric_limits<std::int64_t>::min()},
                  .reported_cost_text = "1e-7",
                  .price_variant = "high",
                  .suspect = true};
  record.overrun = true;
  record.client_gone = config::OnClientGone::drain;
  return record;
}

// Every field by hand: a comparison of encodings would not notice a field left out of both.
void expect_same(const UsageRecord& a, const UsageRecord& b) {
  EXPECT_EQ(a.request, b.request);
  EXPECT_EQ(a.attempt, b.attempt);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.team, b.team);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.provider, b.provider);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.upstream_model, b.upstream_model);
  EXPECT_EQ(a.upstream_id, b.upstream_id);
  EXPECT_EQ(a.operation, b.operation);
  EXPECT_EQ(a.streamed, b.streamed);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.maybe_billed, b.maybe_billed);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.usage.prompt, b.usage.prompt);
  EXPECT_EQ(a.usage.cached_read, b.usage.cached_read);
  EXPECT_EQ(a.usage.cached_write, b.usage.cached_write);
  EXPECT_EQ(a.usage.audio_input, b.usage.audio_input);
  EXPECT_EQ(a.usage.image_input, b.usage.image_input);
  EXPECT_EQ(a.usage.completion, b.usage.completion);
  EXPECT_EQ(a.usage.reasoning, b.usage.reasoning);
  EXPECT_EQ(a.usage.audio_output, b.usage.audio_output);
  EXPECT_EQ(a.usage.tokens, b.usage.tokens);
  EXPECT_EQ(a.usage.reported_cost, b.usage.reported_cost);
  EXPECT_EQ(a.usage.reported_cost_text, b.usage.reported_cost_text);
  EXPECT_EQ(a.usage.price_variant, b.usage.price_variant);
  EXPECT_EQ(a.usage.suspect, b.usage.suspect);
  EXPECT_EQ(a.cost.amount, b.cost.amount);
  EXPECT_EQ(a.cost.source, b.cost.source);
  EXPECT_EQ(a.priced, b.priced);
  EXPECT_EQ(a.overrun, b.overrun);
  EXPECT_EQ(a.client_gone, b.client_gone);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.started, b.started);
  EXPECT_EQ(a.duration, b.duration);
  EXPECT_EQ(a.first_content, b.first_content);
}

TEST(RecordCodec, ARecordComesBackWithEveryField) {
  const auto entry = decode(bytes_of(full_record()));
  ASSERT_TRUE(entry && std::holds_alternative<UsageRecord>(*entry));
  expect_same(std::get<UsageRecord>(*entry), full_record());
}

TEST(RecordCodec, WhatIsAbsentComesBackAbsent) {
  const auto entry = decode(bytes_of(UsageRecord{}));
  ASSERT_TRUE(entry && std::holds_alternative<UsageRecord>(*entry));
  expect_same(std::get<UsageRecord>(*entry), UsageRecord{});
}

TEST(RecordCodec, EveryErrorComesBackAsItself) {
  for (const auto& shape : config::kErrorShapes) {
    UsageRecord record;
    record.error = shape.code;
    const auto entry = decode(bytes_of(record));
    ASSERT_TRUE(entry);
    EXPECT_EQ(std::get<UsageRecord>(*entry).error, shape.code);
  }
}

TEST(RecordCodec, AHoldComesBackWithEveryField) {
  Hold hold = test::hold_of(5, 2);
  hold.operation = providers::Operation::completions;
  const auto entry = decode(bytes_of(hold));
  ASSERT_TRUE(entry && std::holds_alternative<Hold>(*entry));
  const Hold& back = std::get<Hold>(*entry);
  expect_same(interrupted(back), interrupted(hold));
  EXPECT_EQ(back.reserved, hold.reserved);
  EXPECT_EQ(back.prompt_tokens, hold.prompt_tokens);
}

TEST(RecordCodec, AnExtensionComesBack) {
  const Extend extend{config::RequestId("abc"), 4, config::PicoUsd{77}};
  const auto entry = decode(bytes_of(extend));
  ASSERT_TRUE(entry && std::holds_alternative<Extend>(*entry));
  EXPECT_EQ(std::get<Extend>(*entry).request, extend.request);
  EXPECT_EQ(std::get<Extend>(*entry).attempt, 4);
  EXPECT_EQ(std::get<Extend>(*entry).reserved, extend.reserved);
}

TEST(RecordCodec, NoTruncationIsAnEntry) {
  for (const std::string& bytes :
       {bytes_of(full_record()), bytes_of(test::hold_of(1)), bytes_of(Extend{})}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size))) << size;
    }
    EXPECT_FALSE(decode(bytes + '\0'));
  }
}

TEST(RecordCodec, AnyFlippedBitIsReadWithoutHarm) {
  const std::string good = bytes_of(full_record());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    // The frame's checksum finds it; here it must only not be believed beyond its bounds.
    const auto entry = decode(bytes);
    if (!entry || !std::holds_alternative<UsageRecord>(*entry)) continue;
    EXPECT_LE(std::get<UsageRecord>(*entry).outcome, Outcome::interrupted);
    EXPECT_LE(std::get<UsageRecord>(*entry).cost.source, Source::unknown);
  }
}

TEST(RecordCodec, NoRecordIsLongerThanItsHoldForetold) {
  const Hold hold = test::hold_of(3);
  UsageRecord record = full_record();
  record.request = hold.request;
  record.upstream_model = std::string(100'000, 'm');
  record.upstream_id = std::string(100'000, 'i');
  record.usage.reported_cost_text = std::string(100'000, '9');
  record.usage.price_variant = std::string(100'000, 'v');
  for (auto* count :
       {&record.usage.prompt, &record.usage.cached_read, &record.usage.cached_write,
        &record.usage.audio_input, &record.usage.image_input, &record.usage.completion,
        &record.usage.reasoning, &record.usage.audio_output}) {
    *count = std::numeric_limits<std::int64_t>::min();
  }
  record.cost.amount = record.priced = config::PicoUsd{std::numeric_limits<std::int64_t>::min()};
  record.duration = std::chrono::microseconds::min();
  record.first_content = std::chrono::microseconds::min();
  record.attempt = std::numeric_limits<int>::max();
  record.started = config::Clock::Wall::min();
  const std::string bytes = bytes_of(record);
  EXPECT_LE(bytes.size(), longest_record(hold));
  EXPECT_TRUE(decode(bytes));
}

TEST(RecordCodec, AnUpstreamsTextIsCutAtTheEndOfACharacter) {
  UsageRecord record;
  record.upstream_model = std::string(kLongestUpstreamText - 1, 'a') + "ë and more";
  const auto entry = decode(bytes_of(record));
  ASSERT_TRUE(entry);
  EXPECT_EQ(std::get<UsageRecord>(*entry).upstream_model,
            std::string(kLongestUpstreamText - 1, 'a'));
}

TEST(RecordCodec, AnotherVersionIsNotUnderstood) {
  std::string bytes = bytes_of(test::hold_of(1));
  bytes[1] = 2;
  EXPECT_FALSE(decode(bytes));
}

}  // namespace
