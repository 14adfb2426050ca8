#include "gateway/ledger/crc32c.h"

#include <boost/crc.hpp>

#ifdef __x86_64__
#include <cstddef>
#include <cstring>
#include <nmmintrin.h>
#endif

namespace gateway {

std::uint32_t plain_crc32c(std::uint32_t first, std::string_view bytes) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc(first);
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

#ifdef __x86_64__

namespace {

__attribute__((target("sse4.2"))) std::uint32_t quick_crc32c(std::uint32_t first,
                                                             std::string_view bytes) {
  // The register holds its bits the other way round than `first` has them.
  std::uint64_t crc = __builtin_bitreverse32(first);
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    crc = _mm_crc32_u64(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (const char c : bytes) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(c));
  return ~rest;
}

}  // namespace

std::uint32_t crc32c(std::uint32_t first, std::string_view bytes) {
  static const bool quick = __builtin_cpu_supports("sse4.2") != 0;
  return quick ? quick_crc32c(first, bytes) : plain_crc32c(first, bytes);
}

#else

std::uint32_t crc32c(std::uint32_t first, std::string_view bytes) {
  return plain_crc32c(first, bytes);
}

#endif

}  // namespace gateway
