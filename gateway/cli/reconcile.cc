#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "gateway/accounting.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/elsewhere.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/usage_query.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/reconcile/pass.h"
#include "gateway/reconcile/pass_text.h"

namespace gateway::cli {
namespace {

using config::Result;
using reconcile::Finding;
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

// Prints what is found as it is found, so that a long pass shows that it lives.
class Printer {
 public:
  Printer(const std::string& format, const Wanted& wanted) : format_(format), wanted_(wanted) {
    if (format_ == "csv") put(reconcile::csv_heading());
    if (format_ == "table") put(reconcile::table_heading());
    if (format_ == "json") put(R"({"attempts":[)");
  }

  void tell(const Finding& finding) {
    if (format_ == "csv") return put(reconcile::csv_line(finding));
    if (format_ == "table") return put(reconcile::table_line(finding));
    put(std::exchange(first_, false) ? "\n" : ",\n");
    put(reconcile::finding_json(finding));
  }

  bool finish(const Outcomes& outcomes) {
    if (format_ == "table") put(reconcile::table_summary(outcomes, wanted_));
    if (format_ == "json") {
      put(fmt::format("],\n\"summary\":{}}}\n", reconcile::summary_json(outcomes, wanted_)));
    }
    return std::fflush(stdout) == 0 && good_;
  }

 private:
  void put(const std::string& text) {
    good_ = good_ && std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }

  const std::string format_;
  const Wanted& wanted_;
  bool first_ = true;
  bool good_ = true;
};

Result<Outcomes> run(const config::Config& config, reconcile::Book& book, const Wanted& wanted,
                     Printer& printer) {
  net::io_context io{1};
  const config::SystemClock clock;
  Deadlines deadlines(io, clock);
  upstream::Pools pools(io, deadlines, clock);
  reconcile::Pass pass(pools, config, book, wanted);
  Result<Outcomes> outcomes = config::failure(config::ErrorCode::internal, "It did not end.");
  const reconcile::Pass::Tell tell = [&](const Finding& finding) { printer.tell(finding); };
  net::co_spawn(io, pass.run(tell), [&](const std::exception_ptr& failure, Result<Outcomes> told) {
    io.stop();
    if (failure) std::rethrow_exception(failure);
    outcomes = std::move(told);
  });
  io.run();
  return outcomes;
}

Result<Wanted> wanted_by(const ReconcileOptions& options, config::Clock::Wall now) {
  std::vector<Parameter> parameters;
  if (!options.since.empty()) parameters.emplace_back("since", options.since);
  if (!options.until.empty()) parameters.emplace_back("until", options.until);
  const auto query = read_usage_query(parameters, now, "UTC", 0);
  if (!query) return query.error();
  Wanted wanted;
  wanted.spans = {{query->since, query->until}};
  wanted.provider = options.provider;
  wanted.all = options.all;
  wanted.dry_run = options.dry_run;
  return wanted;
}

int complain(const config::Error& error, int status) {
  fmt::print(stderr, "{}{}{}\n", error.message, error.detail.empty() ? "" : " ", error.detail);
  return status;
}

}  // namespace

int reconcile(const ReconcileOptions& options) {
  constexpr std::chrono::seconds kPatience{10};
  const config::SystemClock clock;
  auto wanted = wanted_by(options, clock.wall());
  if (!wanted) return complain(wanted.error(), 2);
  const auto snapshot = load_snapshot(options.config_path);
  if (!snapshot) return 2;
  const config::Config& config = (*snapshot)->config();

  limits::LocalLimiter limiter;  // nobody's
  std::unique_ptr<Accounting> accounting;
  if (!wanted->dry_run) {
    auto opened = Accounting::open(config.ledger, 1, clock, std::random_device{}(), limiter);
    if (!opened) return complain(opened.error(), 2);
    accounting = *std::move(opened);
    if (accounting->writer() == nullptr) {
      fmt::print(stderr,
                 "A gateway writes the ledger {}, and reconciles by itself; to see what it will "
                 "do, ask again with --dry-run.\n",
                 config.ledger.database);
      return 1;
    }
  }
  auto reader = sqlite::open_for_reading(config.ledger.database, kPatience);
  if (!reader) return complain(reader.error(), 2);
  OwnBook book(*std::move(reader), accounting.get());
  Printer printer(options.format, *wanted);
  auto outcomes = run(config, book, *wanted, printer);
  if (!outcomes) return complain(outcomes.error(), 1);
  const bool printed = printer.finish(*outcomes);
  const bool unclear = outcomes->counts.contains(reconcile::Verdict::failed) ||
                       outcomes->counts.contains(reconcile::Verdict::zero) ||
                       outcomes->counts.contains(reconcile::Verdict::not_asked);
  return printed && !unclear ? 0 : 1;
}

}  // namespace gateway::cli
