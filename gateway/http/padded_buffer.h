#pragma once
// Bytes to read into, followed by the padding simdjson wants to be able to read, so
// that a body is parsed where it arrived. Never initialised; grows by realloc, which
// moves pages instead of copying where it can. One thread.

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace gateway::http {

class PaddedBuffer {
 public:
  static constexpr std::size_t kPadding = 64;

  // At least that many bytes, what is there kept; moves. Throws std::bad_alloc.
  void reserve(std::size_t capacity);
  void release();

  char* data() { return bytes_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<char, Free> bytes_;
  std::size_t capacity_ = 0;  // without the padding
};

}  // namespace gateway::http
