#pragma once
// What an exchange does while its upstream keeps it waiting. Given by the attempt, which
// owns it and keeps it alive as long as the exchange; same coroutine, same thread.

#include <chrono>

#include "config/base/error.h"
#include "gateway/async.h"

namespace gateway::upstream {

class Patience {
 public:
  virtual ~Patience() = default;

  // How long the next wait for bytes may last before ran_out(); at least 1 ms.
  virtual std::chrono::milliseconds left() const = 0;

  // The upstream has been silent that long. An Error ends the operation and closes the
  // connection; otherwise the wait goes on, within the limits of config::Timeouts.
  virtual Awaitable<config::Result<void>> ran_out() = 0;
};

}  // namespace gateway::upstream
