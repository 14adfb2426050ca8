#pragma once
// The names this project uses for Asio; the only place they are aliased. One
// concrete executor (a worker's io_context) instead of a type-erased one.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace gateway {

namespace net = boost::asio;
using boost::system::error_code;

using Executor = net::io_context::executor_type;
template <class T = void>
using Awaitable = net::awaitable<T, Executor>;
using Tcp = net::ip::tcp;
using TcpSocket = net::basic_stream_socket<Tcp, Executor>;

// Expected ends of I/O arrive as values; only bugs throw.
inline constexpr auto kAsTuple = net::as_tuple(net::use_awaitable_t<Executor>{});

}  // namespace gateway
