#pragma once
// Listens and never accepts. With its queue full who connects hears nothing; else who has
// connected does.

#include <chrono>
#include <cstdint>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace test {

class NeverAccepts {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;

  explicit NeverAccepts(bool full,
                        const Endpoint& where = {boost::asio::ip::address_v4::loopback(), 0})
      : acceptor_(io_) {
    acceptor_.open(where.protocol());
    acceptor_.set_option(boost::asio::socket_base::reuse_address(true));
    acceptor_.bind(where);
    acceptor_.listen(full ? 0 : 128);
    for (int i = 0; full && i < 8; ++i) {
      auto& filler = fillers_.emplace_back(io_);
      filler.async_connect(acceptor_.local_endpoint(), [](boost::system::error_code) {});
    }
    io_.run_for(std::chrono::milliseconds(50));
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<boost::asio::ip::tcp::socket> fillers_;
};

}  // namespace test
