#include "gateway/upstream/peak_latency.h"

#include <algorithm>
#include <cmath>

namespace gateway::upstream {
namespace {

using std::chrono::milliseconds;

// latency 22 | in flight 14 | at 28
constexpr int kFlightAt = 22;
constexpr int kTimeAt = 36;
constexpr std::uint64_t kMostLatency = (1U << 22) - 1;
constexpr std::uint64_t kMostInFlight = (1U << 14) - 1;
constexpr std::uint64_t kTimes = (1U << 28) - 1;
constexpr std::int64_t kUnitUs = 256;  // the longest is 18 minutes
constexpr std::int64_t kTickMs = 16;

// Over this long what was measured before loses all but a third of its weight.
constexpr milliseconds kDecay{10'000};

std::uint64_t to_units(PeakLatency::Span span) {
  const auto units = static_cast<std::uint64_t>(std::max<std::int64_t>(0, span.count() / kUnitUs));
  return std::clamp<std::uint64_t>(units, 1, kMostLatency);
}

std::uint64_t to_ticks(PeakLatency::Now now) {
  const auto ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
  return static_cast<std::uint64_t>(ms / kTickMs) & kTimes;
}

milliseconds age_of(std::uint64_t at, PeakLatency::Now now) {
  const std::uint64_t ticks = (to_ticks(now) - at) & kTimes;
  // Another worker may have measured a moment after `now` was read.
  return ticks > kTimes / 2 ? milliseconds{0}
                            : milliseconds{static_cast<std::int64_t>(ticks) * kTickMs};
}

}  // namespace

PeakLatency::Word PeakLatency::Word::unpack(std::uint64_t bits) {
  return {bits & kMostLatency, (bits >> kFlightAt) & kMostInFlight, bits >> kTimeAt};
}

std::uint64_t PeakLatency::Word::pack() const {
  return latency | in_flight << kFlightAt | at << kTimeAt;
}

// `next` says what becomes of the word, or that nothing does.
template <class Change>
void PeakLatency::change(const Change& next) {
  std::uint64_t before = word_.load(std::memory_order_relaxed);
  for (;;) {
    const std::optional<Word> after = next(Word::unpack(before));
    if (!after) return;
    if (word_.compare_exchange_weak(before, after->pack(), std::memory_order_relaxed)) return;
  }
}

bool PeakLatency::began() {
  bool counted = false;
  change([&](Word word) -> std::optional<Word> {
    counted = word.in_flight < kMostInFlight;
    if (!counted) return std::nullopt;
    ++word.in_flight;
    return word;
  });
  return counted;
}

void PeakLatency::ended() {
  change([](Word word) -> std::optional<Word> {
    if (word.in_flight == 0) return std::nullopt;
    --word.in_flight;
    return word;
  });
}

void PeakLatency::first_content(Span took, Now now) {
  const std::uint64_t sample = to_units(took);
  change([&](Word word) -> std::optional<Word> {
    if (word.latency == 0 || sample >= word.latency) {
      word.latency = sample;
    } else {
      const std::chrono::duration<double> age = age_of(word.at, now);
      const double kept = std::exp(-age / std::chrono::duration<double>(kDecay));
      const auto before = static_cast<double>(word.latency - sample);
      word.latency = sample + static_cast<std::uint64_t>(before * kept);
    }
    word.at = to_ticks(now);
    return word;
  });
}

void PeakLatency::none_within(Span waited, Now now) {
  const std::uint64_t least = to_units(waited);
  change([&](Word word) -> std::optional<Word> {
    if (word.latency == 0 || least <= word.latency) return std::nullopt;
    word.latency = least;
    word.at = to_ticks(now);
    return word;
  });
}

PeakLatency::Seen PeakLatency::seen(Now now) const {
  const Word word = Word::unpack(word_.load(std::memory_order_relaxed));
  Seen out;
  out.in_flight = static_cast<int>(word.in_flight);
  if (word.latency == 0) return out;
  out.latency = Span{static_cast<std::int64_t>(word.latency) * kUnitUs};
  out.age = age_of(word.at, now);
  return out;
}

}  // namespace gateway::upstream
