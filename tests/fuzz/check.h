#pragma once
// What every fuzz target needs: a check that ends the process, and pieces to cut an
// input into. Inputs are copied into memory of exactly their size, so that sanitizers
// see a read past the end.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

[[noreturn]] inline void fail(const char* condition, const char* file, int line,
                              std::string_view what) {
  std::fprintf(stderr, "%s:%d: not so: %s\n%.*s\n", file, line, condition,
               static_cast<int>(what.size()), what.data());
  std::abort();
}

// FUZZ_CHECK(condition, what): `what` is shown beside the condition.
#define FUZZ_CHECK(condition, what) \
  if (!(condition)) ::fuzz::fail(#condition, __FILE__, __LINE__, what)

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The first byte of an input, taken off it: a choice the fuzzer makes. 0 for none.
inline std::size_t choose(std::string_view& input, std::size_t among) {
  if (input.empty()) return 0;
  const auto chosen = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return chosen % among;
}

// How an input arrives: whole, byte by byte (a long one's rest in larger steps, for the
// sake of speed), or in pieces of arbitrary sizes.
enum class Cut { whole, bytes, pieces };

// Calls take(std::string) for each piece in order, until it returns false.
template <class Take>
void for_each_piece(std::string_view input, Cut cut, Take&& take) {
  constexpr std::size_t kSingleBytes = 256;
  std::size_t passed = 0;
  std::uint64_t state = 0x9E37'79B9'7F4A'7C15 ^ input.size();
  while (!input.empty()) {
    state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    std::size_t size = input.size();
    if (cut == Cut::bytes) size = passed < kSingleBytes ? 1 : 64;
    if (cut == Cut::pieces) size = 1 + (state >> 33) % 23;
    const std::string piece(input.substr(0, size));
    input.remove_prefix(piece.size());
    passed += piece.size();
    if (!take(piece)) return;
  }
}

}  // namespace fuzz
