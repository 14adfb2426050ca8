// What keeping the money straight costs a request, all of it together: admitted against every
// limit at every level, held and settled in budgets and in the journal, among ten keys and among
// 100,000; and what it costs to find out whose key it is. A thousand are in between because they
// still lie in the processor's caches: what they cost more than ten is what searching costs.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "gateway/ledger/journal.h"
#include "gateway/virtual_keys.h"
#include "tests/bench/everyone.h"
#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;

constexpr config::PicoUsd kHeld{200'000'000};
constexpr config::PicoUsd kCost{50'000'000};

void admit_hold_settle(benchmark::State& state) {
  const config::SystemClock clock;
  bench::Everyone all(static_cast<int>(state.range(0)));
  const test::JournalPlace place;
  const auto folder = JournalFolder::open(place.settings(), 1, 1).value();
  Journal journal(*folder, 0, clock);
  Hold hold = test::hold_of(1);
  hold.reserved = kHeld;
  const UsageRecord record = test::record_of(hold, kCost.value);
  std::size_t done = 0;
  for (auto _ : state) {
    const limits::Payers& payers = all.one(done);
    const limits::Now now = limits::Now::of(clock);
    auto slot = all.limiter.admit(payers, 1'000, now);
    auto held = all.limiter.hold(payers, kHeld, now);
    if (!slot || !held || !journal.hold(hold)) {
      state.SkipWithError("refused");
      break;
    }
    journal.settle(record);
    benchmark::DoNotOptimize(held->settle(kCost));
    slot->used(700);
    if (++done % 10'000 != 0) continue;
    // As the ledger's thread does.
    for (const auto& segment : folder->segments()) {
      if (segment->sealed()) folder->drop(segment);
    }
  }
}
BENCHMARK(admit_hold_settle)->Arg(10)->Arg(1'000)->Arg(100'000);

// Made anew each time: a request's is warm, and a hundred thousand kept ones are not.
std::string secret_of(std::size_t number) {
  return fmt::format("sk-tg-{:038}", number);
}

void authenticate(benchmark::State& state) {
  std::vector<config::Key> keys(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i].name = config::KeyName(fmt::format("key-{}", i));
    keys[i].sha256 = sha256(secret_of(i));
  }
  const KeyTable table(keys);
  const config::SystemClock clock;
  std::size_t which = 0;
  for (auto _ : state) {
    which = (which + 104'729) % keys.size();
    auto found = table.find(secret_of(which), clock.wall());
    if (!found) {
      state.SkipWithError("refused");
      break;
    }
    benchmark::DoNotOptimize(*found);
  }
}
BENCHMARK(authenticate)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
