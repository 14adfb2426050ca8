// What limits cost a request: admit + hold + settle + leave with every limit set at key, team
// and gateway, among ten keys and among 100,000, from one thread and from four; and what they cost
// where there are none.

#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/bench/everyone.h"

namespace gateway::limits {
namespace {

using bench::Everyone;

constexpr int kFew = 10;
constexpr int kMany = 100'000;

void one_request(Everyone& all, std::size_t which, Now now, benchmark::State& state) {
  const auto& payers = all.one(which);
  auto slot = all.limiter.admit(payers, 1'000, now);
  auto hold = all.limiter.hold(payers, config::PicoUsd{200'000'000}, now);
  if (!slot || !hold) return state.SkipWithError("refused");
  benchmark::DoNotOptimize(hold->settle(config::PicoUsd{50'000'000}));
  slot->used(700);
}

void requests(Everyone& all, benchmark::State& state) {
  const config::SystemClock clock;
  auto which = static_cast<std::size_t>(state.thread_index()) * 7919;
  for (auto _ : state) one_request(all, ++which, Now::of(clock), state);
}

template <int kKeys>
void AdmitHoldSettleWithEveryLimit(benchmark::State& state) {
  static Everyone all(kKeys);
  requests(all, state);
}
BENCHMARK(AdmitHoldSettleWithEveryLimit<kFew>)->Threads(1)->Threads(4)->UseRealTime();
BENCHMARK(AdmitHoldSettleWithEveryLimit<kMany>)->Threads(1)->Threads(4)->UseRealTime();

template <int kKeys>
void AdmitHoldSettleWithoutLimits(benchmark::State& state) {
  static Everyone all(kKeys, config::Limits{});
  requests(all, state);
}
BENCHMARK(AdmitHoldSettleWithoutLimits<kFew>)->Threads(1)->Threads(4)->UseRealTime();
BENCHMARK(AdmitHoldSettleWithoutLimits<kMany>)->Threads(1)->Threads(4)->UseRealTime();

void ConfigureAHundredThousandKeysAnew(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::make_unique<Everyone>(kMany));
}
BENCHMARK(ConfigureAHundredThousandKeysAnew)->Unit(benchmark::kMillisecond)->Iterations(3);

void ReloadAHundredThousandUnchangedKeys(benchmark::State& state) {
  static Everyone all(kMany);
  const config::SystemClock clock;
  const auto limits = bench::every_limit();
  std::vector<AccountId> ids;
  for (int i = 0; i < kMany; ++i) ids.push_back({AccountKind::key, "key-" + std::to_string(i)});
  for (auto _ : state) {
    for (const auto& id : ids) all.limiter.configure(id, limits, Now::of(clock));
    (void)all.limiter.learn(bench::nothing_spent).has_value();
  }
}
BENCHMARK(ReloadAHundredThousandUnchangedKeys)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace gateway::limits
