#pragma once
// A coroutine as a function of a command, which has one thread and waits. What escapes from it is
// thrown on.

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "gateway/async.h"

namespace gateway::cli {

// `work`: a function that returns Awaitable<void>. `io` is the caller's alone.
template <class Work>
void run_to_end(net::io_context& io, Work work) {
  net::co_spawn(io, std::move(work), [&io](const std::exception_ptr& failure) {
    io.stop();
    if (failure) std::rethrow_exception(failure);
  });
  io.restart();
  io.run();
}

}  // namespace gateway::cli
