// What writing money down costs a request: one hold and one record, as large as they are
// with names and tags of usual length, into files on the disk of the temporary folder.
#include <benchmark/benchmark.h>

#include "gateway/ledger/journal.h"
#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;

// Files are dropped as soon as they are full, as the ledger's thread does.
void drop_full_files(JournalFolder& folder) {
  for (const auto& segment : folder.segments()) {
    if (segment->sealed()) folder.drop(segment);
  }
}

void hold_and_settle(benchmark::State& state) {
  const test::JournalPlace place;
  const config::SystemClock clock;
  const auto folder = JournalFolder::open(place.settings(), 1, 1).value();
  Journal journal(*folder, 0, clock);
  const Hold hold = test::hold_of(1);
  const UsageRecord record = test::record_of(hold, 42);
  std::size_t done = 0;
  for (auto _ : state) {
    if (!journal.hold(hold)) state.SkipWithError("refused");
    journal.settle(record);
    if (++done % 10'000 == 0) drop_full_files(*folder);
  }
}
BENCHMARK(hold_and_settle);

// The part of it that is not the kernel's.
void encode_and_check(benchmark::State& state) {
  const Hold hold = test::hold_of(1);
  const UsageRecord record = test::record_of(hold, 42);
  const SegmentName name{1, 1, 7};
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    encode(hold, bytes);
    encode(record, bytes);
    benchmark::DoNotOptimize(frame_checksum(name, 0, bytes));
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(encode_and_check);

void read_back(benchmark::State& state) {
  std::string bytes;
  encode(test::record_of(test::hold_of(1), 42), bytes);
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes));
}
BENCHMARK(read_back);

}  // namespace
