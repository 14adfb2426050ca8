#include "gateway/ledger/frame_reader.h"

#include <cstdint>

namespace gateway {
namespace {

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

}  // namespace

FrameReader::FrameReader(const SegmentName& name, std::size_t offset, std::string_view bytes)
    : name_(name), offset_(offset), bytes_(bytes), end_(bytes.find_last_not_of('\0') + 1) {}

std::optional<std::string_view> FrameReader::frame_at(std::size_t at) const {
  const std::size_t left = bytes_.size() - at;
  if (left <= kFrameOverhead) return std::nullopt;
  const std::size_t size = number_at(bytes_, at);
  if (size == 0 || size > kLongestFrame - kFrameOverhead || size > left - kFrameOverhead) {
    return std::nullopt;
  }
  const std::string_view checked = bytes_.substr(at, 4 + size);
  if (number_at(bytes_, at + checked.size()) != frame_checksum(name_, offset_ + at, checked)) {
    return std::nullopt;
  }
  return checked.substr(4);
}

std::optional<std::string_view> FrameReader::next() {
  for (std::size_t at = at_; at < end_; ++at) {
    const auto payload = frame_at(at);
    if (!payload) continue;
    if (at != at_) ++damaged_;
    at_ = at + payload->size() + kFrameOverhead;
    return payload;
  }
  return std::nullopt;
}

}  // namespace gateway
