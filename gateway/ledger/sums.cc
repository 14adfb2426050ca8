#include "gateway/ledger/sums.h"

#include <tuple>

namespace gateway {
namespace {

constexpr MoneySum kPicoPerUsd = 1'000'000'000'000;

// Every number of a TokenBuckets, to go over two of them side by side.
constexpr std::int64_t providers::TokenBuckets::* kBuckets[] = {
    &providers::TokenBuckets::prompt,       &providers::TokenBuckets::cached_read,
    &providers::TokenBuckets::cached_write, &providers::TokenBuckets::audio_input,
    &providers::TokenBuckets::image_input,  &providers::TokenBuckets::completion,
    &providers::TokenBuckets::reasoning,    &providers::TokenBuckets::audio_output,
};

bool honest(const providers::Usage& usage) {
  for (const auto& count :
       {usage.prompt, usage.cached_read, usage.cached_write, usage.audio_input, usage.image_input,
        usage.completion, usage.reasoning, usage.audio_output}) {
    if (count && (*count < 0 || *count > kMostTokens)) return false;
  }
  return true;
}

void combine(Sums& into, const Sums& other, int sign) {
  into.attempts += sign * other.attempts;
  into.requests += sign * other.requests;
  into.unknown_costs += sign * other.unknown_costs;
  for (const auto bucket : kBuckets) into.tokens.*bucket += sign * other.tokens.*bucket;
  into.reported += sign * other.reported;
  into.priced += sign * other.priced;
  into.estimated += sign * other.estimated;
}

}  // namespace

bool operator==(const Sums& a, const Sums& b) {
  for (const auto bucket : kBuckets) {
    if (a.tokens.*bucket != b.tokens.*bucket) return false;
  }
  return std::tie(a.attempts, a.requests, a.unknown_costs, a.reported, a.priced, a.estimated) ==
         std::tie(b.attempts, b.requests, b.unknown_costs, b.reported, b.priced, b.estimated);
}

bool Sums::empty() const {
  return *this == Sums();
}

void Sums::add(const Sums& other) {
  combine(*this, other, 1);
}

void Sums::subtract(const Sums& other) {
  combine(*this, other, -1);
}

Sums sums_of(const UsageRecord& record) {
  Sums out;
  out.attempts = 1;
  out.requests = record.attempt == 1 ? 1 : 0;
  if (honest(record.usage)) out.tokens = disjoint(record.usage);
  if (!record.cost.amount) {
    out.unknown_costs = 1;
    return out;
  }
  const MoneySum cost = record.cost.amount->value;
  switch (record.cost.source) {
    case providers::Source::reported:
      out.reported = cost;
      break;
    case providers::Source::priced:
      out.priced = cost;
      break;
    case providers::Source::estimated:
    case providers::Source::unknown:
      out.estimated = cost;
      break;
  }
  return out;
}

SplitMoney split(MoneySum sum) {
  MoneySum usd = sum / kPicoPerUsd;
  MoneySum pico = sum % kPicoPerUsd;
  if (pico < 0) {
    pico += kPicoPerUsd;
    --usd;
  }
  return {static_cast<std::int64_t>(usd), static_cast<std::int64_t>(pico)};
}

MoneySum joined(std::int64_t usd, std::int64_t pico) {
  return usd * kPicoPerUsd + pico;
}

std::string to_usd(MoneySum sum) {
  const bool negative = sum < 0;
  const SplitMoney parts = split(negative ? -sum : sum);
  std::string out = negative ? "-" : "";
  out += std::to_string(parts.usd);
  if (parts.pico == 0) return out;
  const std::string fraction = std::to_string(parts.pico);
  out += '.';
  out.append(12 - fraction.size(), '0');
  out += fraction;
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

}  // namespace gateway
