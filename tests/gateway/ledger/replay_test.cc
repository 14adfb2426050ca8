#include "gateway/ledger/replay.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/segment.h"
#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;
using test::hold_of;
using test::record_of;

const SegmentName kName{writer_of(0), 1, 0x5eed5eed};

template <class Entry>
std::string frame_of(const Entry& entry) {
  std::string frame(4, '\0');
  encode(entry, frame);
  return frame + std::string(4, '\0');
}

// A journal file's bytes, made the way a worker makes them, and where its frames end.
struct Written {
  std::string bytes;
  std::vector<std::size_t> ends;
};

template <class... Entries>
Written written(const Entries&... entries) {
  const test::TempDir dir;
  boost::system::error_code error;
  const auto segment = Segment::create(dir.path(), kName, 64UL * 1024, error);
  Written out;
  const auto append = [&](std::string frame) {
    EXPECT_TRUE(segment->append(frame, error)) << error.message();
    out.ends.push_back(segment->written());
  };
  (append(frame_of(entries)), ...);
  EXPECT_TRUE(segment->read(0, segment->written(), out.bytes, error));
  return out;
}

struct Outcomes {
  Replayed counts;
  std::map<test::AttemptId, UsageRecord> records;
};

// What is read from a folder with one file of these bytes.
Outcomes replayed(std::string_view bytes) {
  static const test::TempDir dir;  // one for thousands of calls
  // A file made anew: over an old one some file systems would wait for the disk.
  std::filesystem::remove(dir.file(to_string(kName)));
  std::ofstream(dir.file(to_string(kName)), std::ios::binary) << bytes;
  Outcomes out;
  const auto counts = replay(dir.path(), [&](std::span<const UsageRecord> records) {
    for (const auto& record : records) out.records.emplace(test::id_of(record), record);
    return config::Result<void>();
  });
  EXPECT_TRUE(counts);
  if (counts) out.counts = *counts;
  return out;
}

Written two_settled_and_one_held() {
  return written(hold_of(1), hold_of(2), record_of(hold_of(1), 11),
                 Extend{hold_of(3).request, 1, config::PicoUsd{5}}, record_of(hold_of(2), 22),
                 hold_of(3));
}

TEST(Replay, HoldsWithoutARecordBecomeInterruptedAtWhatWasReservedLast) {
  const auto out =
      replayed(written(hold_of(1), hold_of(2), Extend{hold_of(2).request, 1, config::PicoUsd{777}},
                       record_of(hold_of(1), 11))
                   .bytes);
  ASSERT_EQ(out.records.size(), 2U);
  const UsageRecord& settled = out.records.at({hold_of(1).request.str(), 1});
  const UsageRecord& cut = out.records.at({hold_of(2).request.str(), 1});
  EXPECT_EQ(settled.outcome, Outcome::ok);
  EXPECT_EQ(cut.outcome, Outcome::interrupted);
  EXPECT_EQ(cut.cost.amount, config::PicoUsd{777});
  EXPECT_EQ(cut.cost.source, providers::Source::estimated);
  EXPECT_TRUE(cut.maybe_billed);
  EXPECT_EQ(out.counts.records, 1U);
  EXPECT_EQ(out.counts.interrupted, 1U);
}

TEST(Replay, AJournalTornAtAnyByteIsReadUpToItsLastWholeEntry) {
  const Written all = two_settled_and_one_held();
  // As the file looks when the writer dies: nothing behind the cut, or what was preallocated.
  for (const std::string& behind : {std::string(), std::string(300, '\0')}) {
    for (std::size_t cut = 0; cut <= all.bytes.size(); ++cut) {
      const auto out = replayed(all.bytes.substr(0, cut) + behind);
      std::size_t whole = 0;
      while (whole < all.ends.size() && all.ends[whole] <= cut) ++whole;
      const std::size_t end = whole == 0 ? 0 : all.ends[whole - 1];
      const bool zeros =
          all.bytes.substr(end, cut - end).find_first_not_of('\0') == std::string::npos;
      EXPECT_EQ(out.counts.records, static_cast<std::size_t>((whole >= 3) + (whole >= 5))) << cut;
      EXPECT_EQ(out.counts.records + out.counts.interrupted,
                static_cast<std::size_t>((whole >= 1) + (whole >= 2) + (whole >= 6)))
          << cut;
      EXPECT_EQ(out.counts.torn, zeros ? 0U : 1U) << cut;
      EXPECT_EQ(out.counts.damaged, 0U) << cut;
    }
  }
}

TEST(Replay, AnyFlippedBitCostsOnlyItsOwnEntryAndIsCounted) {
  const Written all = written(hold_of(1), record_of(hold_of(1), 11), hold_of(2));
  const auto good = replayed(all.bytes);
  for (std::size_t bit = 0; bit < all.bytes.size() * 8; ++bit) {
    std::string bytes = all.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto out = replayed(bytes);
    EXPECT_EQ(out.counts.torn + out.counts.damaged, 1U) << bit;
    for (const auto& [id, record] : out.records) {
      ASSERT_TRUE(good.records.contains(id)) << bit;
      if (record.outcome == Outcome::ok) {
        EXPECT_EQ(record.cost.amount, good.records.at(id).cost.amount) << bit;
      }
    }
    // A settled attempt whose hold is lost has its record all the same, and one whose
    // record is lost is interrupted: only the second hold can be missing.
    EXPECT_TRUE(out.records.contains({hold_of(1).request.str(), 1})) << bit;
  }
}

TEST(Replay, BytesOfAClientDoNotPassForAnEntry) {
  // A tag that holds a frame as some other file would hold it, before damage.
  const Written elsewhere = written(record_of(hold_of(9), 1'000'000));
  Hold hold = hold_of(1);
  hold.tags = {{"x", elsewhere.bytes}};
  std::string bytes = written(hold).bytes;
  bytes[5] = static_cast<char>(bytes[5] ^ 1);
  EXPECT_TRUE(replayed(bytes).records.empty());
}

TEST(Replay, AnotherVersionsEntriesAreCountedNotDropped) {
  const test::TempDir dir;
  boost::system::error_code error;
  const auto segment = Segment::create(dir.path(), kName, 64UL * 1024, error);
  std::string frame = frame_of(hold_of(1));
  frame[5] = 99;
  ASSERT_TRUE(segment->append(frame, error));
  const auto counts = replay(dir.path(), [](auto) { return config::Result<void>(); });
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->not_understood, 1U);
}

TEST(Replay, AnErrorOfTheLedgerStopsIt) {
  const test::TempDir dir;
  std::ofstream(dir.file(to_string(kName)), std::ios::binary) << two_settled_and_one_held().bytes;
  const auto counts = replay(dir.path(), [](auto) -> config::Result<void> {
    return config::failure(config::ErrorCode::overloaded, "", "locked");
  });
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().detail, "locked");
}

TEST(SegmentName, IsReadBackFromItsFile) {
  EXPECT_EQ(to_string(kName), "w1-00000001-5eed5eed.journal");
  EXPECT_EQ(parse_segment_name(to_string(kName)), kName);
  for (const char* other :
       {"lock", "w1-1-5eed5eed.journal", "w-1-00000001-5eed5eed.journal", "w1-00000001-5eed5eed",
        "w1.journal", "1-00000001-5eed5eed.journal", "w1-00000001-5eed5eedf.journal", ""}) {
    EXPECT_FALSE(parse_segment_name(other)) << other;
  }
}

}  // namespace
