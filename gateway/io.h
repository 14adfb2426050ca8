#pragma once
// What reading or writing without waiting came to.

#include <cstddef>

#include "gateway/async.h"

namespace gateway {

struct Io {
  error_code error;       // would_block: nothing now; eof: the peer closed in order
  std::size_t bytes = 0;  // moved, also where error is set
};

}  // namespace gateway
