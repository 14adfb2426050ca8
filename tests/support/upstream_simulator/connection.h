#pragma once
// One connection of the simulator: reads requests with Beast's parser, plays the scripts
// that answer them. Lives on its io_context's thread.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "tests/support/upstream_simulator/handler.h"
#include "tests/support/upstream_simulator/state.h"

namespace simulator {

// `tls` may be null: then the connection is plain. All references outlive the coroutine.
boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                              boost::asio::ssl::context* tls, Handler& handler,
                                              State& state);

}  // namespace simulator
