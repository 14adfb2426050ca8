#include "gateway/http/padded_buffer.h"

#include <new>

#include <simdjson.h>

namespace gateway::http {

static_assert(PaddedBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

void PaddedBuffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  char* const old = bytes_.release();
  void* const moved = std::realloc(old, capacity + kPadding);
  bytes_.reset(moved != nullptr ? static_cast<char*>(moved) : old);
  if (moved == nullptr) throw std::bad_alloc();
  capacity_ = capacity;
}

void PaddedBuffer::release() {
  bytes_.reset();
  capacity_ = 0;
}

}  // namespace gateway::http
