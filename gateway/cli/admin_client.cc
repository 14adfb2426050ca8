#include "gateway/cli/admin_client.h"

#include <pwd.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "gateway/admin/tokens.h"
#include "gateway/cli/run_to_end.h"
#include "gateway/keys/gateway_file.h"
#include "gateway/tls/server.h"
#include "gateway/upstream/exchange.h"
#include "providers/wire/json_document.h"
#include "providers/wire/sse_parser.h"

namespace gateway::cli {
namespace {

using config::Result;
using http::verb;

constexpr std::size_t kLongest = 512UL * 1024 * 1024;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;

using Door = std::shared_ptr<const tls::Server>;

Result<Door> door_of(const config::DoorTls& tls) {
  if (!tls.on()) return Door();
  auto door = tls::Server::load(tls);
  if (const auto* problem = std::get_if<std::string>(&door)) {
    return config::failure(config::ErrorCode::internal, "admin.tls: " + *problem);
  }
  return std::get<Door>(std::move(door));
}

config::Target target_at(const config::Endpoint& admin, bool tls) {
  config::Target target;
  target.base_url = {.tls = tls,
                     .host = admin.host,
                     .port = admin.port,
                     .path = {},
                     .host_header = to_string(admin)};
  return target;
}

}  // namespace

std::string user() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the command has one thread
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? fmt::format("cli {}", entry->pw_name)
                          : fmt::format("cli uid {}", ::getuid());
}

Result<std::unique_ptr<AdminClient>> AdminClient::find(const config::Config& config) {
  const std::string& path = config.ledger.database;
  const auto gateway = keys::gateway_of(path);
  if (!gateway) {
    return config::failure(
        config::ErrorCode::internal,
        fmt::format("another process holds the ledger {} (no gateway says where it listens)",
                    path));
  }
  const std::string& file = config.admin.token_file;
  auto token = admin::read_token(file);
  if (!token) return std::move(token).error();
  auto door = door_of(config.admin.tls);
  if (!door) return std::move(door).error();
  std::unique_ptr<AdminClient> client(
      new AdminClient(*gateway, *std::move(door), file, *std::move(token)));
  if (auto trusts = client->trust_the_door(); !trusts) return std::move(trusts).error();
  return client;
}

AdminClient::AdminClient(const config::Endpoint& admin, Door door, std::string token_file,
                         std::string token)
    : token_file_(std::move(token_file)),
      token_(std::move(token)),
      door_(std::move(door)),
      target_(target_at(admin, door_ != nullptr)),
      pools_(io_, deadlines_, clock_) {}

// Over TLS the gateway must prove to hold the key of the very certificate that the configuration
// names, whatever stands in it.
Result<void> AdminClient::trust_the_door() {
  if (!door_) return {};
  return pools_.tls().trust_only(door_->certificate());
}

Result<std::string> AdminClient::ask(verb method, const std::string& path,
                                     const std::string& body) {
  Result<std::string> answer = config::failure(config::ErrorCode::internal, "No answer.");
  // run_to_end() keeps the function until the coroutine has ended.
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
  auto talk = [&]() -> Awaitable<void> { answer = co_await exchange(method, path, body); };
  run_to_end(io_, std::move(talk));
  return answer;
}

Result<void> AdminClient::follow(const std::string& path, const std::string& body,
                                 const Take& take) {
  Result<void> ended = config::failure(config::ErrorCode::internal, "No answer.");
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): as above
  auto talk = [&]() -> Awaitable<void> { ended = co_await events(path, body, take); };
  run_to_end(io_, std::move(talk));
  return ended;
}

providers::UpstreamRequest AdminClient::request(verb method, const std::string& path,
                                                const std::string& body) const {
  const auto name = boost::beast::http::to_string(method);
  providers::UpstreamRequest request;
  request.method = {name.data(), name.size()};
  request.path = path;
  request.headers.emplace_back("authorization", "Bearer " + token_);
  request.headers.emplace_back("x-tollgate-user", user());
  request.headers.emplace_back("content-type", "application/json");
  request.body.borrow(body);
  return request;
}

Awaitable<Result<std::string>> AdminClient::exchange(verb method, const std::string& path,
                                                     const std::string& body) {
  const auto question = request(method, path, body);
  upstream::Exchange exchange(pools_, target_);
  auto head = co_await exchange.start(question);
  if (!head) co_return unreachable(head.error());
  const int status = head->status;
  auto text = co_await exchange.read_all(kLongest);
  if (!text) co_return unreachable(text.error());
  if (status < 300) co_return std::string(*text);
  co_return refused(*text, status);
}

Awaitable<Result<void>> AdminClient::events(const std::string& path, const std::string& body,
                                            const Take& take) {
  // Between two events the gateway may have much to read.
  constexpr std::chrono::minutes kPatience{10};
  config::Target target = target_;
  target.timeouts.whole_answer = target.timeouts.idle = kPatience;
  const auto question = request(verb::post, path, body);
  upstream::Exchange exchange(pools_, target);
  auto head = co_await exchange.start(question);
  if (!head) co_return unreachable(head.error());
  const int status = head->status;
  if (status >= 300) {
    auto text = co_await exchange.read_all(kLongest);
    if (!text) co_return unreachable(text.error());
    co_return refused(*text, status);
  }
  providers::SseParser parser;
  for (;;) {
    auto bytes = co_await exchange.read_some();
    if (!bytes) co_return unreachable(bytes.error());
    if (bytes->empty()) co_return Result<void>();
    parser.feed(*bytes);
    while (const auto event = parser.next()) {
      if (event->name == "error") co_return refused(event->data, status);
      take(event->name, event->data);
    }
  }
}

config::Error AdminClient::refused(std::string_view body, int status) const {
  providers::JsonDocument document;
  document.read(body);
  std::string message = document.root()["error"]["message"].text();
  if (message.empty()) message = fmt::format("the gateway answered {}", status);
  if (status == kUnauthorized) {
    message += fmt::format(
        " It was read from {} (`admin.token_file`); the gateway at {} goes by what its own token "
        "file held when it started: use the configuration of that gateway, or start it again.",
        token_file_, target_.base_url.host_header);
  } else if (status == kForbidden) {
    message += fmt::format(
        " It was read from {}: let `admin.token_file` name the file with the admin's token.",
        token_file_);
  }
  return config::failure(config::ErrorCode::invalid_request, std::move(message));
}

config::Error AdminClient::unreachable(const config::Error& error) const {
  return config::failure(config::ErrorCode::internal,
                         fmt::format("the gateway at {} holds the ledger, but does not answer ({})",
                                     target_.base_url.host_header, error.detail));
}

}  // namespace gateway::cli
