#pragma once
// A body being read whole: grows as bytes come, never because a length was promised,
// and always has simdjson's padding behind it. Views last until the next make_room().

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <simdjson.h>

namespace gateway::upstream {

class WholeBody {
 public:
  std::size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (capacity_ - size_ < bytes.size()) grow(size_ + bytes.size());
    std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  // Space for the next read. With the promised length: exactly what is still to come,
  // as far as there is memory for it.
  std::span<char> make_room(std::optional<std::uint64_t> promised) {
    constexpr std::size_t kLeast = 16 * 1024;
    constexpr std::size_t kFirst = 256 * 1024;
    const std::size_t missing = promised ? static_cast<std::size_t>(*promised) - size_ : kLeast;
    const std::size_t wanted = std::min(missing, bytes_ ? kLeast : kFirst);
    if (capacity_ - size_ < wanted) grow(size_ + std::max(wanted, std::min(missing, size_)));
    return {bytes_.get() + size_,
            promised ? std::min(missing, capacity_ - size_) : capacity_ - size_};
  }

  // Of the room, this was body; what stood before it was framing.
  void keep(std::string_view bytes) {
    char* const end = bytes_.get() + size_;
    if (!bytes.empty() && bytes.data() != end) std::memmove(end, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  void grow(std::size_t capacity) {
    auto bigger = std::make_unique_for_overwrite<char[]>(capacity + simdjson::SIMDJSON_PADDING);
    if (size_ > 0) std::memcpy(bigger.get(), bytes_.get(), size_);
    bytes_ = std::move(bigger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace gateway::upstream
