// What limits cost a request: admit + hold + settle + leave with every limit set at key, team
// and gateway, with 100,000 keys known, from one thread and from four; and what they cost where
// there are none.

#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "gateway/limits/local_limiter.h"

namespace gateway::limits {
namespace {

constexpr std::int64_t kUsd = 1'000'000'000'000;
constexpr int kKeys = 100'000;
constexpr int kTeams = 100;

config::Limits every_limit() {
  config::Limits out;
  out.requests_per_minute = 1'000'000'000;
  out.tokens_per_minute = 1'000'000'000'000;
  out.concurrent = 1'000'000;
  out.budgets = {{config::PicoUsd{9'000'000 * kUsd}, config::Window::month, "Europe/Berlin"},
                 {config::PicoUsd{9'000'000 * kUsd}, config::Window::day, "Europe/Berlin"}};
  return out;
}

config::Result<config::PicoUsd> nothing(const AccountId&, config::Clock::Wall) {
  return config::PicoUsd{};
}

struct Everyone {
  explicit Everyone(const config::Limits& limits) {
    const config::SystemClock clock;
    const auto now = Now::of(clock);
    for (int i = 0; i < kKeys; ++i) {
      const auto key = "key-" + std::to_string(i);
      const auto team = "team-" + std::to_string(i % kTeams);
      limiter.configure({AccountKind::key, key}, limits, now);
      limiter.configure({AccountKind::team, team}, limits, now);
      payers.push_back(limiter.payers(config::KeyName(key), config::TeamName(team)));
    }
    limiter.configure({}, limits, now);
    (void)limiter.learn(nothing).has_value();
  }

  LocalLimiter limiter;
  std::vector<Payers> payers;
};

void one_request(Everyone& all, std::size_t which, Now now, benchmark::State& state) {
  const auto& payers = all.payers[which % all.payers.size()];
  auto slot = all.limiter.admit(payers, 1'000, now);
  auto hold = all.limiter.hold(payers, config::PicoUsd{200'000'000}, now);
  if (!slot || !hold) return state.SkipWithError("refused");
  benchmark::DoNotOptimize(hold->settle(config::PicoUsd{50'000'000}));
  slot->used(700);
}

void requests(Everyone& all, benchmark::State& state) {
  const config::SystemClock clock;
  auto which = static_cast<std::size_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    which += 104'729;  // jumps about: no key is warm
    one_request(all, which, Now::of(clock), state);
  }
}

void AdmitHoldSettleWithEveryLimit(benchmark::State& state) {
  static Everyone all(every_limit());
  requests(all, state);
}
BENCHMARK(AdmitHoldSettleWithEveryLimit)->Threads(1)->Threads(4)->UseRealTime();

void AdmitHoldSettleWithoutLimits(benchmark::State& state) {
  static Everyone all(config::Limits{});
  requests(all, state);
}
BENCHMARK(AdmitHoldSettleWithoutLimits)->Threads(1)->Threads(4)->UseRealTime();

void ConfigureAHundredThousandKeysAnew(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::make_unique<Everyone>(every_limit()));
}
BENCHMARK(ConfigureAHundredThousandKeysAnew)->Unit(benchmark::kMillisecond)->Iterations(3);

void ReloadAHundredThousandUnchangedKeys(benchmark::State& state) {
  static Everyone all(every_limit());
  const config::SystemClock clock;
  const auto limits = every_limit();
  std::vector<AccountId> ids;
  for (int i = 0; i < kKeys; ++i) ids.push_back({AccountKind::key, "key-" + std::to_string(i)});
  for (auto _ : state) {
    for (const auto& id : ids) all.limiter.configure(id, limits, Now::of(clock));
    (void)all.limiter.learn(nothing).has_value();
  }
}
BENCHMARK(ReloadAHundredThousandUnchangedKeys)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace gateway::limits
