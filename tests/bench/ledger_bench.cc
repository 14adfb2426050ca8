// What a record costs the ledger's thread: read from the journal, decoded, chained, summed and
// inserted, in batches as 5,000 and 30,000 records a second make them. Each record is of a request
// of its own, of ten keys and four models, every fourth with a tag.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "gateway/http/request_ids.h"
#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "gateway/ledger/sqlite_ledger.h"
#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;

class Traffic {
 public:
  using Attempt = std::pair<Hold, UsageRecord>;

  Attempt next() {
    const std::size_t number = made_++;
    Hold hold = test::hold_of(1);
    std::string id;
    ids_.mint(id, clock_.wall());
    hold.request = config::RequestId(std::move(id));
    hold.key = config::KeyName(fmt::format("key-{}", number % 10));
    hold.model = config::ModelName(fmt::format("model-{}", number % 4));
    hold.tags = number % 4 == 0 ? Tags{{"project", "x"}} : Tags();
    hold.started = clock_.wall();
    UsageRecord record = test::record_of(hold, 42'000'000);
    record.upstream_model = "model-2026-06";
    record.upstream_id = fmt::format("chatcmpl-{:024x}", number);
    record.usage.prompt = 300;
    record.usage.completion = 120;
    record.usage.cached_read = 0;
    record.usage.tokens = providers::Source::reported;
    record.priced = record.cost.amount;
    return {std::move(hold), std::move(record)};
  }

 private:
  const config::SystemClock clock_;
  http::RequestIds ids_;
  std::size_t made_ = 0;
};

std::unique_ptr<SqliteLedger> ledger_in(const test::JournalPlace& place) {
  return SqliteLedger::open(place.dir().file("ledger.db"), {}).value();
}

void append(benchmark::State& state) {
  const test::JournalPlace place;
  const auto ledger = ledger_in(place);
  Traffic traffic;
  std::vector<UsageRecord> batch(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    for (UsageRecord& record : batch) record = traffic.next().second;
    state.ResumeTiming();
    if (!ledger->append(batch)) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append)->Arg(250)->Arg(1'500)->Iterations(40);

// The journal's side too, all threads' time: what a worker writes, and the ledger's thread reads.
void carry(benchmark::State& state) {
  const test::JournalPlace place;
  const config::SystemClock clock;
  const auto ledger = ledger_in(place);
  const auto folder = JournalFolder::open(place.settings(), 1, 1).value();
  {
    Journal journal(*folder, 0, clock);
    LedgerWriter writer(*ledger, *folder, clock, {.batch = std::chrono::hours(1)});
    writer.start();
    Traffic traffic;
    std::vector<Traffic::Attempt> batch(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
      state.PauseTiming();
      for (auto& attempt : batch) attempt = traffic.next();
      state.ResumeTiming();
      for (const auto& [hold, record] : batch) {
        if (!journal.hold(hold)) state.SkipWithError("refused");
      }
      for (const auto& [hold, record] : batch) journal.settle(record);
      if (!writer.flush(std::chrono::minutes(1))) state.SkipWithError("not in time");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(carry)->Arg(250)->Arg(1'500)->Iterations(40)->MeasureProcessCPUTime();

}  // namespace
