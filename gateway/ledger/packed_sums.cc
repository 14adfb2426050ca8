#include "gateway/ledger/packed_sums.h"

#include <array>

namespace gateway {
namespace {

using providers::TokenBuckets;

constexpr std::int64_t Sums::* kCounts[] = {&Sums::attempts, &Sums::requests, &Sums::unknown_costs};
constexpr std::int64_t TokenBuckets::* kTokens[] = {
    &TokenBuckets::prompt,      &TokenBuckets::completion,   &TokenBuckets::cached_read,
    &TokenBuckets::reasoning,   &TokenBuckets::cached_write, &TokenBuckets::audio_input,
    &TokenBuckets::image_input, &TokenBuckets::audio_output,
};
constexpr MoneySum Sums::* kMoney[] = {&Sums::priced, &Sums::reported, &Sums::estimated};

// The bits of a mask say which numbers follow: counts, tokens, then of each sum of money its
// whole USD and its rest.
constexpr int kFirstToken = std::size(kCounts);
constexpr int kFirstMoney = kFirstToken + std::size(kTokens);
constexpr int kBits = kFirstMoney + 2 * std::size(kMoney);

void put(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

// Small numbers of either sign stay short.
std::uint64_t folded(std::int64_t number) {
  return static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
}

std::int64_t unfolded(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1 ^ (~(number & 1) + 1));
}

}  // namespace

void SumsPacker::add(std::int64_t series, const Sums& sums) {
  std::array<std::int64_t, kBits> numbers{};
  std::size_t at = 0;
  for (const auto count : kCounts) numbers[at++] = sums.*count;
  for (const auto bucket : kTokens) numbers[at++] = sums.tokens.*bucket;
  for (const auto money : kMoney) {
    const SplitMoney parts = split(sums.*money);
    numbers[at++] = parts.usd;
    numbers[at++] = parts.pico;
  }
  std::uint64_t mask = 0;
  for (at = 0; at < numbers.size(); ++at) {
    if (numbers[at] != 0) mask |= std::uint64_t{1} << at;
  }
  put(bytes_, static_cast<std::uint64_t>(series - last_));
  put(bytes_, mask);
  for (const std::int64_t number : numbers) {
    if (number != 0) put(bytes_, folded(number));
  }
  last_ = series;
}

bool SumsUnpacker::number(std::uint64_t& out) {
  out = 0;
  for (std::size_t at = 0; at < left_.size() && at < 10; ++at) {
    const auto byte = static_cast<unsigned char>(left_[at]);
    out |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * at);
    if (byte < 0x80) {
      left_.remove_prefix(at + 1);
      return true;
    }
  }
  damaged_ = true;
  return false;
}

bool SumsUnpacker::signed_number(std::int64_t& out) {
  std::uint64_t folded_number = 0;
  if (!number(folded_number)) return false;
  out = unfolded(folded_number);
  return true;
}

bool SumsUnpacker::money(std::uint64_t mask, int bit, MoneySum& out) {
  SplitMoney parts;
  if ((mask >> bit & 1) != 0 && !signed_number(parts.usd)) return false;
  if ((mask >> (bit + 1) & 1) != 0 && !signed_number(parts.pico)) return false;
  out = joined(parts.usd, parts.pico);
  return true;
}

bool SumsUnpacker::next() {
  if (left_.empty() || damaged_) return false;
  std::uint64_t step = 0;
  std::uint64_t mask = 0;
  if (!number(step) || !number(mask)) return false;
  const auto series = static_cast<std::int64_t>(static_cast<std::uint64_t>(series_) + step);
  if (series <= series_ || mask >> kBits != 0) {
    damaged_ = true;
    return false;
  }
  series_ = series;
  sums_ = {};
  int bit = 0;
  for (const auto count : kCounts) {
    if ((mask >> bit++ & 1) != 0 && !signed_number(sums_.*count)) return false;
  }
  for (const auto bucket : kTokens) {
    if ((mask >> bit++ & 1) != 0 && !signed_number(sums_.tokens.*bucket)) return false;
  }
  for (const auto sum : kMoney) {
    if ((mask >> bit & 3) != 0 && !money(mask, bit, sums_.*sum)) return false;
    bit += 2;
  }
  return true;
}

}  // namespace gateway
