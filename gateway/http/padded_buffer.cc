#include "gateway/http/padded_buffer.h"

#include <new>

#include <simdjson.h>

namespace gateway::http {

static_assert(PaddedBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

void PaddedBuffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  void* moved = std::realloc(bytes_.get(), capacity + kPadding);
  if (moved == nullptr) throw std::bad_alloc();
  (void)bytes_.release();
  bytes_.reset(static_cast<char*>(moved));
  capacity_ = capacity;
}

void PaddedBuffer::release() {
  bytes_.reset();
  capacity_ = 0;
}

}  // namespace gateway::http
