#pragma once
// How the command line talks to the admin listener of the gateway that holds a ledger. One
// thread; blocks.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/deadlines.h"
#include "gateway/http/request.h"
#include "gateway/tls/server.h"
#include "gateway/upstream/pool.h"
#include "providers/adapter.h"

namespace gateway::cli {

// Whose call it is, for the audit log: "cli ada".
std::string user();

class AdminClient {
 public:
  // The gateway that writes the ledger of this configuration; an Error's message is a line for
  // the operator.
  static config::Result<std::unique_ptr<AdminClient>> find(const config::Config& config);
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  // The whole answer. What the gateway refuses is an Error too.
  config::Result<std::string> ask(http::verb method, const std::string& path,
                                  const std::string& body);

  // The same for an answer of server-sent events, told as they come.
  using Take = std::function<void(std::string_view name, std::string_view data)>;
  config::Result<void> follow(const std::string& path, const std::string& body, const Take& take);

 private:
  // `door`: whose certificate the gateway must have; nullptr: it speaks no TLS.
  AdminClient(const config::Endpoint& admin, std::shared_ptr<const tls::Server> door,
              std::string token_file, std::string token);
  config::Result<void> trust_the_door();
  Awaitable<config::Result<std::string>> exchange(http::verb method, const std::string& path,
                                                  const std::string& body);
  Awaitable<config::Result<void>> events(const std::string& path, const std::string& body,
                                         const Take& take);
  providers::UpstreamRequest request(http::verb method, const std::string& path,
                                     const std::string& body) const;
  config::Error refused(std::string_view body, int status) const;
  config::Error unreachable(const config::Error& error) const;

  const std::string token_file_;
  const std::string token_;
  const std::shared_ptr<const tls::Server> door_;
  const config::Target target_;
  net::io_context io_{1};
  const config::SystemClock clock_;
  Deadlines deadlines_{io_, clock_};
  upstream::Pools pools_;
};

}  // namespace gateway::cli
