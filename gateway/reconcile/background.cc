#include "gateway/reconcile/background.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/log.h"
#include "gateway/reconcile/asked.h"

namespace gateway::reconcile {
namespace {

using config::Result;

// Ten questions a second at most: providers bound lookups as they bound chats.
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kPatience{2};  // with a ledger that somebody holds locked
constexpr double kPicoUsdPerUsd = 1e12;
constexpr std::array kVerdicts{Verdict::corrected, Verdict::agrees,    Verdict::none_yet,
                               Verdict::zero,      Verdict::not_asked, Verdict::failed};

void tell(const Outcomes& outcomes) {
  if (outcomes.counts.empty()) return;
  const auto count = [&](Verdict verdict) {
    const auto found = outcomes.counts.find(verdict);
    return found != outcomes.counts.end() ? found->second : 0;
  };
  log::info("reconciled", {{"corrected", count(Verdict::corrected)},
                           {"none_yet", count(Verdict::none_yet)},
                           {"zero", count(Verdict::zero)},
                           {"not_asked", count(Verdict::not_asked)},
                           {"failed", count(Verdict::failed)}});
}

}  // namespace

// The ledger as one pass reads it: on a connection of its own, by the threads for questions.
class Background::Ledger final : public Book {
 public:
  Ledger(Background& owner, std::string path) : owner_(owner), path_(std::move(path)) {}

  Awaitable<Result<UnreportedPage>> page(const Unreported& asked) override {
    std::function<Result<UnreportedPage>()> work = [path = path_,
                                                    asked]() -> Result<UnreportedPage> {
      auto reader = sqlite::open_for_reading(path, kPatience);
      if (!reader) return std::move(reader).error();
      return unreported(*reader, asked);
    };
    co_return co_await owner_.around_.queries.ask<UnreportedPage>(std::move(work));
  }

  Awaitable<Result<std::int64_t>> left_out(const Unreported& asked) override {
    std::function<Result<std::int64_t>()> work = [path = path_, asked]() -> Result<std::int64_t> {
      auto reader = sqlite::open_for_reading(path, kPatience);
      if (!reader) return std::move(reader).error();
      return gateway::left_out(*reader, asked);
    };
    co_return co_await owner_.around_.queries.ask<std::int64_t>(std::move(work));
  }

  Awaitable<Result<bool>> correct(const UsageRecord& before,
                                  const Correction& correction) override {
    Accounting& accounting = owner_.around_.accounting;
    const auto send = [&accounting](std::function<void()> task) {
      accounting.run(std::move(task));
    };
    limits::Limiter& limiter = owner_.around_.limiter;
    const auto change = config::PicoUsd{correction.cost.value -
                                        before.cost.amount.value_or(config::PicoUsd{}).value};
    auto book = [&]() -> Result<int> {
      SqliteLedger& ledger = *accounting.ledger();
      auto written = ledger.correct({{correction}});
      if (written && *written > 0) {
        limiter.spend(limiter.payers(before.key, before.team), change, before.started,
                      ledger.newest_row());
      }
      return written;
    };
    const auto done = co_await elsewhere(send, std::move(book));
    if (!done) {
      co_return config::failure(config::ErrorCode::overloaded, "The ledger is another process's.");
    }
    const auto& written = *done;
    if (!written) co_return written.error();
    if (*written == 0) co_return false;
    auto& sum = change.value > 0 ? owner_.raised_ : owner_.lowered_;
    sum += static_cast<std::uint64_t>(change.value > 0 ? change.value : -change.value);
    co_return true;
  }

 private:
  Background& owner_;
  const std::string path_;
};

// One pass under way, which counts what it finds, and tells `listener` where there is one.
class Background::Round final : public TaskGroup::Task, private Listener {
 public:
  Round(Background& owner, std::shared_ptr<const Snapshot> snapshot, Wanted wanted,
        Listener* listener)
      : Task(owner.around_.tasks),
        owner_(owner),
        listener_(listener),
        counts_(!wanted.dry_run),
        snapshot_(std::move(snapshot)),
        book_(owner, snapshot_->config().ledger.database),
        pass_(owner.pools_, snapshot_->config(), book_, std::move(wanted)) {
    owner_.under_way_ = this;
  }
  ~Round() override { owner_.under_way_ = nullptr; }
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;

  void drain() override { pass_.stop(); }
  void cut() override { pass_.cut(); }
  const Listener* listener() const { return listener_; }

  // What is thrown ends this pass and none of those that wait for its end.
  Awaitable<Result<Outcomes>> run() {
    try {
      co_return co_await pass_.run(*this);
    } catch (const std::exception& bug) {
      log::error("reconciling failed", {{"reason", bug.what()}});
      co_return config::failure(config::ErrorCode::internal,
                                "Reconciling failed; the gateway's log says why.", bug.what());
    }
  }

 private:
  Awaitable<void> found(const Finding& finding) override {
    if (counts_) owner_.found(finding);
    if (listener_ != nullptr) co_await listener_->found(finding);
  }

  Background& owner_;
  Listener* const listener_;
  const bool counts_;
  const std::shared_ptr<const Snapshot> snapshot_;
  Ledger book_;
  Pass pass_;
};

Background::Background(const Around& around, Configuration configuration)
    : around_(around),
      configuration_(std::move(configuration)),
      pools_(around.io, around.deadlines, around.clock),
      timer_(around.io) {}

void Background::start() {
  wait();
}

// Another pace counts from now on; the same one does not begin to wait anew, so that reloads
// one after the other do not put a pass off for ever.
void Background::adopt() {
  if (under_way_ == nullptr && configuration_()->config().ledger.reconcile.every != every_) wait();
}

void Background::wait() {
  every_ = configuration_()->config().ledger.reconcile.every;
  timer_.cancel();
  if (every_.count() == 0) return;
  timer_.expires_after(every_);
  timer_.async_wait([this](error_code cancelled) {
    if (!cancelled && !around_.tasks.draining()) next();
  });
}

void Background::next() {
  if (around_.accounting.writer() == nullptr) return wait();  // whoever writes it does this
  if (under_way_ != nullptr) {
    due_ = true;
    return;
  }
  const auto snapshot = configuration_();
  const config::Reconcile& pace = snapshot->config().ledger.reconcile;
  const Moment now = Moment::of(around_.clock);
  Wanted wanted;
  wanted.spans = schedule_.due(now, pace);
  wanted.count_left_out = false;
  wanted.pause = kPause;
  auto round = std::make_shared<Round>(*this, snapshot, std::move(wanted), nullptr);
  net::co_spawn(around_.io, round->run(),
                [this, round, now, pace](const std::exception_ptr&,
                                         const Result<Outcomes>& outcomes) mutable {
                  round.reset();
                  if (outcomes) {
                    if (!around_.tasks.draining()) schedule_.done(now);
                    note_without_id(pace);
                    tell(*outcomes);
                  } else {
                    log::warn(
                        "reconciling stopped; tried again later",
                        {{"why", outcomes.error().message}, {"detail", outcomes.error().detail}});
                  }
                  wait();
                });
}

Result<void> Background::may_run(const Wanted& wanted) const {
  if (auto known = check_provider(wanted.provider, configuration_()->config()); !known) {
    return std::move(known).error();
  }
  if (under_way_ != nullptr) {
    return config::failure(config::ErrorCode::conflict,
                           "The gateway is reconciling already; ask again when that has ended.");
  }
  if (!wanted.dry_run && around_.accounting.writer() == nullptr) {
    return config::failure(config::ErrorCode::overloaded,
                           "Another process writes the ledger; ask again when it has ended.");
  }
  return {};
}

Awaitable<Result<Outcomes>> Background::run(Wanted wanted, Listener& listener) {
  auto free = may_run(wanted);
  if (!free) co_return std::move(free).error();
  wanted.pause = kPause;
  auto round = std::make_unique<Round>(*this, configuration_(), std::move(wanted), &listener);
  auto outcomes = co_await round->run();
  round.reset();
  go_on();
  co_return outcomes;
}

void Background::end(const Listener& listener) {
  if (under_way_ != nullptr && under_way_->listener() == &listener) under_way_->cut();
}

// What fell due, or was reloaded, while a pass that was asked for ran.
void Background::go_on() {
  if (around_.tasks.draining()) return;
  if (std::exchange(due_, false)) return next();
  adopt();
}

void Background::found(const Finding& finding) {
  ++verdicts_[static_cast<std::size_t>(finding.verdict)];
  // Once each: what agrees is asked for again where somebody wants all.
  if (finding.compared && finding.verdict == Verdict::corrected)
    around_.accounting.saw_receipt(finding.before, *finding.compared);
  if (finding.verdict == Verdict::no_id) without_id_.saw(finding.before);
  if (finding.verdict != Verdict::zero) return;
  log::warn("a receipt says that paid tokens cost nothing; what is booked stays",
            {{"provider", finding.before.provider.view()},
             {"model", finding.before.model.view()},
             {"request", finding.before.request.view()}});
}

void Background::note_without_id(const config::Reconcile& pace) {
  without_id_.forget_before(around_.clock.wall() - pace.within);
  without_id_attempts_ = without_id_.attempts();
  without_id_usd_ = static_cast<double>(without_id_.booked()) / kPicoUsdPerUsd;
}

void Background::add_metrics(std::vector<prometheus::MetricFamily>& families) const {
  const auto family = [&](const char* name, const char* help) -> prometheus::MetricFamily& {
    auto& out = families.emplace_back();
    out.name = name;
    out.help = help;
    out.type = prometheus::MetricType::Counter;
    return out;
  };
  const auto add = [](prometheus::MetricFamily& to, const char* label, std::string_view value,
                      double number) {
    prometheus::ClientMetric metric;
    metric.label.push_back({label, std::string(value)});
    metric.counter.value = number;
    to.metric.push_back(std::move(metric));
  };
  auto& receipts = family("tollgate_reconcile_receipts_total",
                          "Receipts that were asked for afterwards, by what came of it.");
  for (const Verdict verdict : kVerdicts) {
    add(receipts, "verdict", to_string(verdict),
        static_cast<double>(verdicts_[static_cast<std::size_t>(verdict)].load()));
  }
  auto& changes = family("tollgate_reconcile_usd_total",
                         "By what receipts raised and lowered what was booked: add it to "
                         "tollgate_cost_usd_total for what the ledger says.");
  add(changes, "direction", "raised", static_cast<double>(raised_.load()) / kPicoUsdPerUsd);
  add(changes, "direction", "lowered", static_cast<double>(lowered_.load()) / kPicoUsdPerUsd);
  const auto gauge = [&](const char* name, const char* help, double value) {
    auto& out = family(name, help);
    out.type = prometheus::MetricType::Gauge;
    out.metric.emplace_back();
    out.metric.back().gauge.value = value;
  };
  gauge("tollgate_reconcile_without_id_attempts",
        "Attempts of the last `ledger.reconcile.within` whose cost nobody told and that have no id "
        "to ask by, as the last pass saw it.",
        static_cast<double>(without_id_attempts_.load()));
  gauge("tollgate_reconcile_without_id_usd", "What they are booked at.", without_id_usd_.load());
}

}  // namespace gateway::reconcile
