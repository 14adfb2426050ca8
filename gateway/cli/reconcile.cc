#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "gateway/accounting.h"
#include "gateway/cli/admin_client.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/elsewhere.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite/writer_lock.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/reconcile/asked.h"
#include "gateway/reconcile/pass.h"
#include "providers/wire/json_document.h"

namespace gateway::cli {
namespace {

using config::Result;
using reconcile::Asked;
using reconcile::Outcomes;
using reconcile::Wanted;

// The ledger as this process has it: read on a connection of its own, and written only where
// no gateway holds it.
class OwnBook final : public reconcile::Book {
 public:
  // `accounting`: nullptr where nothing is to be written.
  OwnBook(sqlite::Database reader, Accounting* accounting)
      : reader_(std::move(reader)), accounting_(accounting) {}

  Awaitable<Result<UnreportedPage>> page(const Unreported& asked) override {
    co_return unreported(reader_, asked);
  }

  Awaitable<Result<std::int64_t>> left_out(const Unreported& asked) override {
    co_return gateway::left_out(reader_, asked);
  }

  Awaitable<Result<bool>> correct(const UsageRecord&, const Correction& correction) override {
    const auto send = [this](std::function<void()> task) { accounting_->run(std::move(task)); };
    const auto done = co_await elsewhere(
        send, [this, &correction] { return accounting_->ledger()->correct({{correction}}); });
    if (!done) {
      co_return config::failure(config::ErrorCode::overloaded, "The ledger is another process's.");
    }
    const auto& written = *done;
    if (!written) co_return written.error();
    co_return *written > 0;
  }

 private:
  sqlite::Database reader_;
  Accounting* accounting_;
};

// What is found, as it is found.
class Printer final : public reconcile::Listener {
 public:
  explicit Printer(const Asked& asked) : printout_(asked) {}

  Awaitable<void> found(const reconcile::Finding& finding) override {
    if (!std::exchange(begun_, true)) put(printout_.heading());
    put(printout_.line(finding));
    co_return;
  }
  void end(const Outcomes& outcomes) {
    if (!begun_) put(printout_.heading());
    put(printout_.end(outcomes));
  }

  void put(std::string_view text) {
    good_ = good_ && std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }
  bool good() const { return std::fflush(stdout) == 0 && good_; }

 private:
  reconcile::Printout printout_;
  bool begun_ = false;
  bool good_ = true;
};

Result<Outcomes> run(net::io_context& io, const config::Config& config, reconcile::Book& book,
                     const Wanted& wanted, Printer& printer) {
  const config::SystemClock clock;
  Deadlines deadlines(io, clock);
  upstream::Pools pools(io, deadlines, clock);
  reconcile::Pass pass(pools, config, book, wanted);
  Result<Outcomes> outcomes = config::failure(config::ErrorCode::internal, "It did not end.");
  net::co_spawn(io, pass.run(printer),
                [&](const std::exception_ptr& failure, Result<Outcomes> told) {
                  io.stop();
                  if (failure) std::rethrow_exception(failure);
                  outcomes = std::move(told);
                });
  io.run();
  return outcomes;
}

int complain(const config::Error& error, int status) {
  fmt::print(stderr, "{}{}{}\n", error.message, error.detail.empty() ? "" : " ", error.detail);
  return status;
}

// Some could not be told: whoever asked must look.
constexpr reconcile::Verdict kUnclear[] = {reconcile::Verdict::failed, reconcile::Verdict::zero,
                                           reconcile::Verdict::not_asked};

// The gateway that holds the ledger looks at it and books, with its own keys and connections.
int through_the_gateway(const config::Config& config, const Asked& asked) {
  auto gateway = AdminClient::find(config);
  if (!gateway) return complain(gateway.error(), 1);
  Printer printer(asked);
  bool ended = false;
  bool unclear = false;
  const auto take = [&](std::string_view name, std::string_view data) {
    providers::JsonDocument document;
    document.read(data);
    if (name != "summary") return printer.put(document.root()["text"].text());
    ended = true;
    for (const reconcile::Verdict verdict : kUnclear) {
      if (document.root()["counts"][reconcile::to_string(verdict)]) unclear = true;
    }
  };
  const auto followed = (*gateway)->follow("/api/reconcile", to_json(asked), take);
  const bool printed = printer.good();
  if (!followed) return complain(followed.error(), 1);
  if (!ended) {
    fmt::print(stderr, "The gateway ended before the pass did; what it booked until then stays.\n");
  }
  return printed && ended && !unclear ? 0 : 1;
}

int in_the_ledger(const config::Config& config, const Asked& asked, const Wanted& wanted,
                  const config::Clock& clock) {
  constexpr std::chrono::seconds kPatience{10};
  net::io_context io{1};         // before the ledger's thread, which answers on it
  limits::LocalLimiter limiter;  // nobody's
  std::unique_ptr<Accounting> accounting;
  if (!wanted.dry_run) {
    auto opened = Accounting::open(config.ledger, 1, clock, std::random_device{}(), limiter);
    if (!opened) return complain(opened.error(), 2);
    accounting = *std::move(opened);
    if (accounting->writer() == nullptr) {
      fmt::print(stderr, "A gateway has just taken the ledger {}; ask again.\n",
                 config.ledger.database);
      return 1;
    }
  }
  auto reader = sqlite::open_for_reading(config.ledger.database, kPatience);
  if (!reader) return complain(reader.error(), 2);
  OwnBook book(*std::move(reader), accounting.get());
  Printer printer(asked);
  auto outcomes = run(io, config, book, wanted, printer);
  if (!outcomes) return complain(outcomes.error(), 1);
  printer.end(*outcomes);
  bool unclear = false;
  for (const reconcile::Verdict verdict : kUnclear) {
    unclear = unclear || outcomes->counts.contains(verdict);
  }
  return printer.good() && !unclear ? 0 : 1;
}

bool is_held(const std::string& database) {
  const auto lock = sqlite::WriterLock::take(database);
  return !lock && lock.error().code == config::ErrorCode::overloaded;
}

}  // namespace

int reconcile(const ReconcileOptions& options) {
  const config::SystemClock clock;
  const Asked asked{options.since, options.until,   options.provider,
                    options.all,   options.dry_run, options.format};
  const auto wanted = wanted_by(asked, clock.wall());
  if (!wanted) return complain(wanted.error(), 2);
  const auto snapshot = load_snapshot(options.config_path);
  if (!snapshot) return 2;
  const config::Config& config = (*snapshot)->config();
  if (auto known = reconcile::check_provider(asked.provider, config); !known) {
    return complain(known.error(), 2);
  }
  // What books nothing needs nobody's leave.
  if (!asked.dry_run && is_held(config.ledger.database)) return through_the_gateway(config, asked);
  return in_the_ledger(config, asked, *wanted, clock);
}

}  // namespace gateway::cli
