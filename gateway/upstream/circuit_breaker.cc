#include "gateway/upstream/circuit_breaker.h"

#include <algorithm>
#include <limits>

namespace gateway::upstream {
namespace {

using std::chrono::milliseconds;

std::int64_t to_ms(CircuitBreaker::Now now) {
  return std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
}

std::uint8_t code_of(config::ErrorCode why) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(why) + 1);
}

// state 2 | why 6 | in a row 8 | level 4 | until 44
constexpr int kWhyAt = 2;
constexpr int kRowAt = 8;
constexpr int kLevelAt = 16;
constexpr int kUntilAt = 20;
constexpr std::uint8_t kHighestLevel = 15;
static_assert(static_cast<int>(config::ErrorCode::internal) + 1 < 64, "fits beside the others");

// number 24 | attempts 20 | failures 20
constexpr int kAttemptsAt = 20;
constexpr int kNumberAt = 40;
constexpr std::uint64_t kMostCounted = (1U << 20) - 1;
constexpr std::uint64_t kNumbers = (1U << 24) - 1;

// A probe that takes longer than this is given up: another request may be one.
constexpr milliseconds kProbeLimit{60'000};

// Each time it opens again without a success between, for twice as long.
milliseconds open_for(const config::Breaker& settings, std::uint8_t level) {
  milliseconds span = settings.open_for;
  for (; level > 0 && span < settings.open_at_most; --level) span *= 2;
  return std::min(span, settings.open_at_most);
}

}  // namespace

CircuitBreaker::Word CircuitBreaker::Word::unpack(std::uint64_t bits) {
  Word out;
  out.state = static_cast<State>(bits & 3U);
  out.why = static_cast<std::uint8_t>((bits >> kWhyAt) & 63U);
  out.in_a_row = static_cast<std::uint8_t>((bits >> kRowAt) & 255U);
  out.level = static_cast<std::uint8_t>((bits >> kLevelAt) & 15U);
  out.until_ms = static_cast<std::int64_t>(bits >> kUntilAt);
  return out;
}

std::uint64_t CircuitBreaker::Word::pack() const {
  return static_cast<std::uint64_t>(state) | std::uint64_t{why} << kWhyAt |
         std::uint64_t{in_a_row} << kRowAt | std::uint64_t{level} << kLevelAt |
         static_cast<std::uint64_t>(until_ms) << kUntilAt;
}

CircuitBreaker::Window CircuitBreaker::Window::unpack(std::uint64_t bits) {
  return {bits >> kNumberAt, static_cast<std::uint32_t>((bits >> kAttemptsAt) & kMostCounted),
          static_cast<std::uint32_t>(bits & kMostCounted)};
}

std::uint64_t CircuitBreaker::Window::pack() const {
  return number << kNumberAt | std::uint64_t{attempts} << kAttemptsAt | failures;
}

// `next` says what becomes of the word, or that nothing does.
template <class Change>
bool CircuitBreaker::change(const Change& next) {
  std::uint64_t before = word_.load(std::memory_order_relaxed);
  for (;;) {
    const std::optional<Word> after = next(Word::unpack(before));
    if (!after) return false;
    if (word_.compare_exchange_weak(before, after->pack(), std::memory_order_relaxed)) return true;
  }
}

CircuitBreaker::Permit CircuitBreaker::ask(Now now) {
  if (Word::unpack(word_.load(std::memory_order_relaxed)).state == State::closed) {
    return Permit::given;
  }
  Permit permit = Permit::refused;
  change([&](Word word) -> std::optional<Word> {
    permit = word.state == State::closed ? Permit::given : Permit::refused;
    if (permit == Permit::given || to_ms(now) < word.until_ms) return std::nullopt;
    permit = Permit::probe;
    word.state = State::half_open;
    word.until_ms = to_ms(now + kProbeLimit);
    return word;
  });
  return permit;
}

bool CircuitBreaker::succeeded(Permit permit, Now now, const config::Breaker& settings) {
  (void)too_many_fail(false, now, settings);
  bool closed = false;
  change([&](Word word) -> std::optional<Word> {
    // An open one was held, or opened anew, while the probe was under way.
    closed = permit == Permit::probe && word.state == State::half_open;
    const bool forgets = word.state == State::closed && word.in_a_row > 0;
    if (!closed && !forgets) return std::nullopt;
    return Word{};
  });
  return closed;
}

bool CircuitBreaker::failed(Permit permit, config::ErrorCode why, Now now,
                            const config::Breaker& settings) {
  const bool too_many = too_many_fail(true, now, settings);
  bool opens = false;
  change([&](Word word) -> std::optional<Word> {
    opens = false;
    // Of what was asked before it opened, nothing new is learnt.
    if (word.state == State::open) return std::nullopt;
    if (word.state == State::half_open && permit != Permit::probe) return std::nullopt;
    if (word.in_a_row < std::numeric_limits<std::uint8_t>::max()) ++word.in_a_row;
    const bool in_a_row =
        settings.failures_in_a_row > 0 && word.in_a_row >= settings.failures_in_a_row;
    opens = word.state != State::closed || in_a_row || too_many;
    if (!opens) return word;
    word.state = State::open;
    word.why = code_of(why);
    word.until_ms = to_ms(now + open_for(settings, word.level));
    word.level = std::min<std::uint8_t>(static_cast<std::uint8_t>(word.level + 1), kHighestLevel);
    return word;
  });
  if (opens) opened_.fetch_add(1, std::memory_order_relaxed);
  return opens;
}

bool CircuitBreaker::bench(Permit permit, config::ErrorCode why, Span how_long, Now now) {
  bool opens = false;
  change([&](Word word) -> std::optional<Word> {
    const std::int64_t until = to_ms(now + how_long);
    // The longest counts: many requests may be told so at once.
    const bool known = word.state == State::open && until <= word.until_ms;
    const bool by_hand = word.state == State::open && word.why == 0;
    opens = false;
    if (known || by_hand) return std::nullopt;
    opens = word.state == State::closed || permit == Permit::probe;
    word.state = State::open;
    word.why = code_of(why);
    word.until_ms = until;
    return word;
  });
  if (opens) opened_.fetch_add(1, std::memory_order_relaxed);
  return opens;
}

void CircuitBreaker::returned(Permit permit, Now now) {
  if (permit != Permit::probe) return;
  change([&](Word word) -> std::optional<Word> {
    if (word.state != State::half_open) return std::nullopt;
    word.state = State::open;
    word.until_ms = to_ms(now);  // the next one finds out
    return word;
  });
}

bool CircuitBreaker::end_rest(config::ErrorCode was, Now now) {
  return change([&](Word word) -> std::optional<Word> {
    if (word.state != State::open || word.why != code_of(was)) return std::nullopt;
    word.state = State::half_open;
    word.until_ms = to_ms(now);
    return word;
  });
}

bool CircuitBreaker::rest_for(config::ErrorCode was, config::ErrorCode why, Span at_least,
                              Now now) {
  return change([&](Word word) -> std::optional<Word> {
    if (word.state != State::open || word.why != code_of(was)) return std::nullopt;
    word.why = code_of(why);
    word.until_ms = std::max(word.until_ms, to_ms(now + at_least));
    return word;
  });
}

void CircuitBreaker::reset() {
  word_.store(Word{}.pack(), std::memory_order_relaxed);
  window_.store(0, std::memory_order_relaxed);
}

void CircuitBreaker::hold(Span how_long, Now now) {
  change([&](Word word) -> std::optional<Word> {
    word.state = State::open;
    word.why = 0;
    word.until_ms = to_ms(now + how_long);
    return word;
  });
}

CircuitBreaker::Status CircuitBreaker::status(Now now) const {
  const Word word = Word::unpack(word_.load(std::memory_order_relaxed));
  Status out;
  const bool rest_is_over = word.state == State::open && word.until_ms <= to_ms(now);
  out.state = rest_is_over ? State::half_open : word.state;
  out.in_a_row = word.in_a_row;
  if (word.state == State::closed) return out;
  if (word.why > 0) out.why = static_cast<config::ErrorCode>(word.why - 1);
  out.next_probe = Span(std::max<std::int64_t>(0, word.until_ms - to_ms(now)));
  return out;
}

// Counts an attempt where failures are; whether too large a share of them fails.
bool CircuitBreaker::too_many_fail(bool failure, Now now, const config::Breaker& settings) {
  if (settings.failure_share <= 0) return false;
  const auto number =
      static_cast<std::uint64_t>(to_ms(now) / std::max<std::int64_t>(1, settings.window.count())) &
      kNumbers;
  std::uint64_t before = window_.load(std::memory_order_relaxed);
  Window window;
  do {
    window = Window::unpack(before);
    if (window.number != number) window = {number, 0, 0};
    if (!failure && window.failures == 0) return false;
    if (window.attempts < kMostCounted) ++window.attempts;
    if (failure && window.failures < kMostCounted) ++window.failures;
  } while (!window_.compare_exchange_weak(before, window.pack(), std::memory_order_relaxed));
  constexpr std::uint64_t kHundred = 100;
  return failure && window.attempts >= static_cast<std::uint32_t>(settings.least_attempts) &&
         window.failures * kHundred >=
             window.attempts * static_cast<std::uint64_t>(settings.failure_share);
}

}  // namespace gateway::upstream
