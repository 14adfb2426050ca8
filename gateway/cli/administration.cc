#include "gateway/cli/administration.h"

#include <utility>

#include <fmt/format.h>

#include "config/base/clock.h"
#include "gateway/async.h"
#include "gateway/cli/admin_client.h"
#include "gateway/cli/run_to_end.h"
#include "gateway/keys/store_access.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite/writer_lock.h"
#include "gateway/random.h"

namespace gateway::cli {
namespace {

using config::Result;
using http::verb;

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
              .last_use_of_file_key = {},
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
  explicit ThroughTheGateway(std::unique_ptr<AdminClient> gateway) : gateway_(std::move(gateway)) {}
  Result<std::string> ask(verb method, const std::string& path, const std::string& body) override {
    return gateway_->ask(method, path, body);
  }

 private:
  const std::unique_ptr<AdminClient> gateway_;
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
  auto gateway = AdminClient::find(config);
  if (!gateway) return std::move(gateway).error();
  return std::unique_ptr<Administration>(std::make_unique<ThroughTheGateway>(*std::move(gateway)));
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
