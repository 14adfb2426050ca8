#include "gateway/ledger/packed_sums.h"

#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace gateway {
namespace {

using Packed = std::vector<std::pair<std::int64_t, Sums>>;

std::string pack(const Packed& all) {
  SumsPacker packer;
  for (const auto& [series, sums] : all) packer.add(series, sums);
  return packer.bytes();
}

Packed unpack(std::string_view bytes, bool& damaged) {
  Packed out;
  SumsUnpacker unpacker(bytes);
  while (unpacker.next()) out.emplace_back(unpacker.series(), unpacker.sums());
  damaged = unpacker.damaged();
  return out;
}

// Zeros, small and largest numbers, of both signs.
class Some {
 public:
  explicit Some(std::uint64_t seed) : random_(seed) {}
  Packed all() {
    Packed out;
    std::int64_t series = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      series += static_cast<std::int64_t>(1 + random_() % (i == 7 ? 1'000'000'000U : 5U));
      out.emplace_back(series, sums());
    }
    return out;
  }

 private:
  std::int64_t number() {
    switch (random_() % 8) {
      case 0:
        return std::numeric_limits<std::int64_t>::min();
      case 1:
        return std::numeric_limits<std::int64_t>::max();
      case 2:
        return -static_cast<std::int64_t>(random_() % 1000);
      case 3:
        return static_cast<std::int64_t>(random_() % 1'000'000'000'000);
      default:
        return static_cast<std::int64_t>(random_() % 2);
    }
  }
  Sums sums() {
    Sums out;
    auto& tokens = out.tokens;
    for (auto* one :
         {&out.attempts, &out.requests, &out.unknown_costs, &tokens.prompt, &tokens.cached_read,
          &tokens.cached_write, &tokens.audio_input, &tokens.image_input, &tokens.completion,
          &tokens.reasoning, &tokens.audio_output}) {
      *one = number();
    }
    for (auto* one : {&out.reported, &out.priced, &out.estimated}) {
      *one = static_cast<MoneySum>(number()) * static_cast<MoneySum>(random_() % 100'000);
    }
    return out;
  }
  std::mt19937_64 random_;
};

TEST(PackedSums, ComeBackAsTheyWere) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Packed before = Some(seed).all();
    bool damaged = true;
    const Packed after = unpack(pack(before), damaged);
    EXPECT_FALSE(damaged);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(before[i].first, after[i].first);
      EXPECT_TRUE(before[i].second == after[i].second) << seed << " " << i;
    }
  }
}

TEST(PackedSums, AnyCutIsNoticedOrEndsBetweenTwoSeries) {
  const Packed whole = Some(1).all();
  const std::string bytes = pack(whole);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    bool damaged = false;
    const Packed got = unpack(std::string_view(bytes).substr(0, cut), damaged);
    if (!damaged) EXPECT_EQ(pack(got), bytes.substr(0, cut));
    EXPECT_LT(got.size(), whole.size());
  }
}

TEST(PackedSums, AnyBytesAreReadToAnEnd) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    bool damaged = false;
    EXPECT_LE(unpack(bytes, damaged).size(), bytes.size());
  }
}

}  // namespace
}  // namespace gateway
