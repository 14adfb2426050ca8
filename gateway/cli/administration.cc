#include "gateway/cli/administration.h"

#include <pwd.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "config/base/clock.h"
#include "gateway/admin/tokens.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/keys/gateway_file.h"
#include "gateway/keys/store_access.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite/writer_lock.h"
#include "gateway/random.h"
#include "gateway/upstream/exchange.h"
#include "gateway/upstream/pool.h"
#include "providers/wire/json_document.h"

namespace gateway::cli {
namespace {

using config::Result;
using http::verb;

// For the audit log, so that it says which of those who may did it.
std::string user() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the command has one thread
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? fmt::format("cli {}", entry->pw_name)
                          : fmt::format("cli uid {}", ::getuid());
}

template <class Work>
void run_to_end(net::io_context& io, Work work) {
  net::co_spawn(io, std::move(work), [&io](const std::exception_ptr& failure) {
    io.stop();
    if (failure) std::rethrow_exception(failure);
  });
  io.restart();
  io.run();
}

// The ledger itself, held for as long as this lives: a gateway that starts meanwhile waits
// for it.
class InTheLedger final : public Administration, private keys::StoreAccess {
 public:
  InTheLedger(const config::Config& config, sqlite::WriterLock lock, sqlite::Database database)
      : lock_(std::move(lock)),
        database_(std::move(database)),
        api_(*this, clock_, system_random,
             {.configuration =
                  [&config] {
                    return std::shared_ptr<const config::Config>(std::shared_ptr<void>(), &config);
                  },
              .last_use = {},
              .budgets = {},
              .changed = {}}) {}

  Result<std::string> ask(verb method, const std::string& path, const std::string& body) override {
    const auto question = path.find('?');
    const auto decoded = http::percent_decoded(std::string_view(path).substr(0, question));
    if (!decoded) return config::invalid_request("The key's name holds control characters.");
    admin::Call call;
    call.method = method;
    call.path = *decoded;
    if (question != std::string::npos) call.query = std::string_view(path).substr(question + 1);
    call.body = body;
    call.who = user();
    Result<admin::Answer> answer = config::failure(config::ErrorCode::internal, "No answer.");
    // run_to_end() keeps the function until the coroutine has ended.
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
    auto handle = [&]() -> Awaitable<void> { answer = co_await api_.handle(call); };
    run_to_end(io_, std::move(handle));
    if (!answer) return std::move(answer).error();
    return std::move(answer->body);
  }

 private:
  // The command has nothing else to do meanwhile.
  Awaitable<bool> change(Work work) override {
    work(store_);
    co_return true;
  }
  Awaitable<bool> read(Work work) override { return change(std::move(work)); }

  net::io_context io_{1};
  const config::SystemClock clock_;
  sqlite::WriterLock lock_;
  sqlite::Database database_;
  keys::KeyStore store_{database_};
  admin::KeysApi api_;
};

class ThroughTheGateway final : public Administration {
 public:
  ThroughTheGateway(const config::Endpoint& admin, std::string token) : token_(std::move(token)) {
    target_.base_url = {.tls = false,
                        .host = admin.host,
                        .port = admin.port,
                        .path = {},
                        .host_header = to_string(admin)};
  }

  Result<std::string> ask(verb method, const std::string& path, const std::string& body) override {
    Result<std::string> answer = config::failure(config::ErrorCode::internal, "No answer.");
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): as above
    auto talk = [&]() -> Awaitable<void> { answer = co_await exchange(method, path, body); };
    run_to_end(io_, std::move(talk));
    return answer;
  }

 private:
  Awaitable<Result<std::string>> exchange(verb method, const std::string& path,
                                          const std::string& body) {
    constexpr std::size_t kLongest = 512UL * 1024 * 1024;
    const auto name = boost::beast::http::to_string(method);
    providers::UpstreamRequest request;
    request.method = {name.data(), name.size()};
    request.path = path;
    request.headers.emplace_back("authorization", "Bearer " + token_);
    request.headers.emplace_back("x-tollgate-user", user());
    request.headers.emplace_back("content-type", "application/json");
    request.body.borrow(body);
    upstream::Exchange exchange(pools_, target_);
    auto head = co_await exchange.start(request);
    if (!head) co_return unreachable(head.error());
    const int status = head->status;
    auto text = co_await exchange.read_all(kLongest);
    if (!text) co_return unreachable(text.error());
    if (status < 300) co_return std::string(*text);
    co_return refused(*text, status);
  }

  config::Error unreachable(const config::Error& error) const {
    return config::failure(
        config::ErrorCode::internal,
        fmt::format("the gateway at {} holds the ledger, but does not answer ({})",
                    target_.base_url.host_header, error.detail));
  }

  static config::Error refused(std::string_view body, int status) {
    providers::JsonDocument document;
    document.read(body);
    std::string message = document.root()["error"]["message"].text();
    if (message.empty()) message = fmt::format("the gateway answered {}", status);
    return config::failure(config::ErrorCode::invalid_request, std::move(message));
  }

  const std::string token_;
  config::Target target_;
  net::io_context io_{1};
  const config::SystemClock clock_;
  Deadlines deadlines_{io_, clock_};
  upstream::Pools pools_{io_, deadlines_, clock_};
};

}  // namespace

Result<std::unique_ptr<Administration>> administration(const config::Config& config) {
  const std::string& path = config.ledger.database;
  auto lock = sqlite::WriterLock::take(path);
  if (lock) {
    auto database = sqlite::open_for_writing(path, *lock, {});
    if (!database) return std::move(database).error();
    return std::unique_ptr<Administration>(
        std::make_unique<InTheLedger>(config, *std::move(lock), *std::move(database)));
  }
  if (lock.error().code != config::ErrorCode::overloaded) return std::move(lock).error();
  const auto gateway = keys::gateway_of(path);
  if (!gateway) {
    return config::failure(
        config::ErrorCode::internal,
        fmt::format("{} (no gateway says where it listens)", lock.error().message));
  }
  auto token = admin::read_token(config.admin.token_file);
  if (!token) return std::move(token).error();
  return std::unique_ptr<Administration>(
      std::make_unique<ThroughTheGateway>(*gateway, *std::move(token)));
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace gateway::cli
