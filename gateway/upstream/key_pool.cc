#include "gateway/upstream/key_pool.h"

#include <algorithm>

#include "config/base/sha256.h"

namespace gateway::upstream {
namespace {

// key 14 | why 6 | trial 1 | until 43
constexpr int kTrialAt = 43;
constexpr int kWhyAt = 44;
constexpr int kKeyAt = 50;
constexpr std::uint64_t kUntilBits = (std::uint64_t{1} << kTrialAt) - 1;

// A trial that takes longer than this is given up: another request may be one.
constexpr std::chrono::milliseconds kTrialLimit{60'000};

std::int64_t to_ms(KeyPool::Now now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

std::uint16_t few_bits_of(const config::Secret& key) {
  const config::Sha256 digest = config::sha256(key.reveal());
  return static_cast<std::uint16_t>(std::uint32_t{digest[0]} << 6U |
                                    std::uint32_t{digest[1]} >> 2U);
}

}  // namespace

KeyPool::Word KeyPool::Word::unpack(std::uint64_t bits) {
  return {static_cast<std::uint16_t>(bits >> kKeyAt),
          static_cast<std::uint8_t>((bits >> kWhyAt) & 63U), ((bits >> kTrialAt) & 1U) != 0,
          static_cast<std::int64_t>(bits & kUntilBits)};
}

std::uint64_t KeyPool::Word::pack() const {
  return std::uint64_t{key} << kKeyAt | std::uint64_t{why} << kWhyAt |
         std::uint64_t{trial} << kTrialAt | (static_cast<std::uint64_t>(until_ms) & kUntilBits);
}

KeyPool::Answer KeyPool::ask(std::size_t position, const config::Secret& key, Now now) {
  std::atomic<std::uint64_t>& place = words_[position];
  std::uint64_t before = place.load(std::memory_order_relaxed);
  while (before != 0) {
    Word word = Word::unpack(before);
    if (word.key != few_bits_of(key)) break;
    if (to_ms(now) < word.until_ms) return {Permit::refused};
    word.trial = true;
    word.until_ms = to_ms(now + kTrialLimit);
    if (place.compare_exchange_weak(before, word.pack(), std::memory_order_relaxed)) {
      return {Permit::trial, word.pack()};
    }
  }
  return {Permit::given};
}

void KeyPool::rests(std::size_t position, const config::Secret& key, config::ErrorCode why,
                    Span how_long, Now now) {
  const Word word{few_bits_of(key), static_cast<std::uint8_t>(why), false, to_ms(now + how_long)};
  words_[position].store(word.pack(), std::memory_order_relaxed);
}

void KeyPool::works(std::size_t position, std::uint64_t trial) {
  words_[position].compare_exchange_strong(trial, 0, std::memory_order_relaxed);
}

void KeyPool::returned(std::size_t position, std::uint64_t trial, Now now) {
  Word word = Word::unpack(trial);
  word.trial = false;
  word.until_ms = to_ms(now);
  words_[position].compare_exchange_strong(trial, word.pack(), std::memory_order_relaxed);
}

std::optional<KeyPool::Rest> KeyPool::rest_of(std::size_t position, const config::Secret& key,
                                              Now now) const {
  const std::uint64_t bits = words_[position].load(std::memory_order_relaxed);
  if (bits == 0) return std::nullopt;
  const Word word = Word::unpack(bits);
  if (to_ms(now) >= word.until_ms || word.key != few_bits_of(key)) return std::nullopt;
  return Rest{static_cast<config::ErrorCode>(word.why), Span(word.until_ms - to_ms(now))};
}

}  // namespace gateway::upstream
