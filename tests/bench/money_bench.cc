// What keeping the money straight costs a request, all of it together: admitted against every
// limit at every level, held and settled in budgets and in the journal. 100,000 keys.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "gateway/ledger/journal.h"
#include "gateway/limits/local_limiter.h"
#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;

constexpr int kKeys = 100'000;
constexpr int kTeams = 100;
constexpr std::int64_t kUsd = 1'000'000'000'000;
constexpr config::PicoUsd kHeld{200'000'000};
constexpr config::PicoUsd kCost{50'000'000};

config::Limits every_limit() {
  config::Limits out;
  out.requests_per_minute = 1'000'000'000;
  out.tokens_per_minute = 1'000'000'000'000;
  out.concurrent = 100'000;
  out.budgets = {{config::PicoUsd{9'000'000 * kUsd}, config::Window::month, "Europe/Berlin"},
                 {config::PicoUsd{9'000'000 * kUsd}, config::Window::day, "Europe/Berlin"}};
  return out;
}

struct Everyone {
  explicit Everyone(limits::Now now) {
    for (int i = 0; i < kKeys; ++i) {
      const auto key = "key-" + std::to_string(i);
      const auto team = "team-" + std::to_string(i % kTeams);
      limiter.configure({AccountKind::key, key}, every_limit(), now);
      limiter.configure({AccountKind::team, team}, every_limit(), now);
      payers.push_back(limiter.payers(config::KeyName(key), config::TeamName(team)));
    }
    limiter.configure({}, every_limit(), now);
    const auto nothing = [](const AccountId&, config::Clock::Wall) {
      return config::Result<config::PicoUsd>(config::PicoUsd{});
    };
    (void)limiter.learn(nothing).has_value();
  }

  limits::LocalLimiter limiter;
  std::vector<limits::Payers> payers;
};

void admit_hold_settle(benchmark::State& state) {
  const config::SystemClock clock;
  Everyone all(limits::Now::of(clock));
  const test::JournalPlace place;
  const auto folder = JournalFolder::open(place.settings(), 1, 1).value();
  Journal journal(*folder, 0, clock);
  Hold hold = test::hold_of(1);
  hold.reserved = kHeld;
  const UsageRecord record = test::record_of(hold, kCost.value);
  std::size_t which = 0;
  std::size_t done = 0;
  for (auto _ : state) {
    which = (which + 104'729) % all.payers.size();  // jumps about: no key is warm
    const limits::Payers& payers = all.payers[which];
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
BENCHMARK(admit_hold_settle);

}  // namespace
