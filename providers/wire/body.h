#pragma once
// A message as an ordered list of byte ranges, each borrowed from somebody who
// outlives the Body or owned by it, so that splicing a request copies only what
// changes. Reused for every event of a stream: clear() keeps the memory.
// One thread. Views from views() last until the next change or clear().

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace providers {

class Body {
 public:
  // The caller's bytes; they must live as long as this Body is sent.
  void borrow(std::string_view bytes) {
    if (bytes.empty()) return;
    ranges_.push_back({bytes.data(), 0, bytes.size()});
    size_ += bytes.size();
  }

  // Bytes copied into this Body.
  void own(std::string_view bytes) {
    if (bytes.empty()) return;
    if (!ranges_.empty() && ranges_.back().borrowed == nullptr) {
      ranges_.back().size += bytes.size();
    } else {
      ranges_.push_back({nullptr, owned_.size(), bytes.size()});
    }
    owned_.append(bytes);
    size_ += bytes.size();
  }

  // What a fresh one will hold about, so that it does not grow step by step.
  void expect(std::size_t ranges, std::size_t owned) {
    if (ranges_.capacity() == 0) ranges_.reserve(ranges);
    if (owned_.empty()) owned_.reserve(owned);
  }

  void clear() {
    ranges_.clear();
    owned_.clear();
    size_ = 0;
  }

  // What stands in it now, to take back whatever is added after.
  struct Mark {
    std::size_t ranges = 0;
    std::size_t last_range = 0;
    std::size_t owned = 0;
    std::size_t size = 0;
  };
  Mark mark() const {
    return {ranges_.size(), ranges_.empty() ? 0 : ranges_.back().size, owned_.size(), size_};
  }
  void back_to(const Mark& mark) {
    ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(mark.ranges), ranges_.end());
    if (!ranges_.empty()) ranges_.back().size = mark.last_range;
    owned_.resize(mark.owned);
    size_ = mark.size;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t range_count() const { return ranges_.size(); }

  // Calls take(std::string_view) for each range, in order.
  template <class Take>
  void for_each(Take&& take) const {
    for (const Range& range : ranges_) take(view(range));
  }

  // Everything in one string: for tests, small answers and logs of sizes.
  std::string str() const {
    std::string all;
    all.reserve(size_);
    for_each([&](std::string_view bytes) { all.append(bytes); });
    return all;
  }

 private:
  struct Range {
    const char* borrowed;  // nullptr: at `offset` of owned_
    std::size_t offset;
    std::size_t size;
  };

  std::string_view view(const Range& range) const {
    if (range.borrowed != nullptr) return {range.borrowed, range.size};
    return std::string_view(owned_).substr(range.offset, range.size);
  }

  std::vector<Range> ranges_;
  std::string owned_;
  std::size_t size_ = 0;
};

}  // namespace providers
