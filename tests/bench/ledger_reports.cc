// Ten million records and how long their reports take. By hand:
//
//   ledger_reports FILE [RECORDS] [DAYS]
//
// Makes the ledger FILE where there is none, with RECORDS records (10000000) that end now
// and spread over DAYS days (365), packs its sums as a gateway does, then asks for reports of
// its last 30 days. Prints what each took by the clock and of the processor.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/ledger/sqlite_ledger.h"
#include "gateway/ledger/usage_text.h"

namespace {

using namespace gateway;
using std::chrono::steady_clock;

// Larger than the gateway's batches: ten million records in minutes.
constexpr std::size_t kBatch = 20'000;

// Few keys do most, many do little; nights are quiet.
class Traffic {
 public:
  Traffic(std::int64_t records, int days, config::Clock::Wall end)
      : records_(records),
        step_(std::chrono::nanoseconds(std::chrono::hours(24)) * days / records),
        at_(end - step_ * records) {}

  bool next(std::vector<UsageRecord>& batch) {
    batch.clear();
    for (; made_ < records_ && batch.size() < kBatch; ++made_) batch.push_back(one());
    return !batch.empty();
  }

 private:
  UsageRecord one() {
    UsageRecord out;
    out.request = config::RequestId(fmt::format("{:016x}{:016x}", random_(), random_()));
    const auto key = pick(20) * pick(20);
    const auto model = pick(10);
    out.key = config::KeyName(fmt::format("key-{}", key));
    out.team = config::TeamName(fmt::format("team-{}", key % 12));
    out.model = config::ModelName(fmt::format("vendor/model-{}", model));
    out.provider = config::ProviderName(fmt::format("provider-{}", model % 3));
    out.target = config::TargetName(fmt::format("provider-{}/vendor/model-{}", model % 3, model));
    out.upstream_model = fmt::format("model-{}-2026", model);
    out.upstream_id = fmt::format("gen-{:016x}", random_());
    out.streamed = true;
    out.outcome = Outcome::ok;
    out.usage.prompt = static_cast<std::int64_t>(pick(4000));
    out.usage.completion = static_cast<std::int64_t>(pick(1000));
    out.usage.tokens = providers::Source::reported;
    out.cost = {config::PicoUsd{100'000 * (*out.usage.prompt + 2 * *out.usage.completion)},
                providers::Source::priced};
    out.priced = out.cost.amount;
    if (pick(4) == 0) out.tags = {{"project", fmt::format("p{}", pick(20))}};
    at_ += step_;
    out.started = at_;
    out.duration = std::chrono::microseconds(pick(5'000'000));
    out.first_content = out.duration / 4;
    return out;
  }
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }

  std::int64_t records_;
  std::int64_t made_ = 0;
  std::chrono::nanoseconds step_;
  config::Clock::Wall at_;
  std::mt19937_64 random_{1};
};

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

void fill(const std::string& path, std::int64_t records, int days, config::Clock::Wall end) {
  auto ledger = SqliteLedger::open(path, {});
  if (!ledger) {
    fmt::print(stderr, "{}\n", ledger.error().message);
    std::exit(1);
  }
  // Only to be quick: what is lost here is made again.
  (void)(*ledger)->database().run("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 50000");
  const auto begin = steady_clock::now();
  Traffic traffic(records, days, end);
  std::vector<UsageRecord> batch;
  while (traffic.next(batch)) {
    auto done = (*ledger)->append(batch);
    if (!done) {
      fmt::print(stderr, "{}\n", done.error().detail);
      std::exit(1);
    }
  }
  const double took = seconds_since(begin);
  fmt::print("{} records appended in {:.1f} s, {:.0f} a second\n", records, took,
             static_cast<double>(records) / took);
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void ask(const std::string& path, std::vector<Parameter> parameters, const std::string& filter,
         config::Clock::Wall now) {
  if (!filter.empty()) parameters.emplace_back("filter", filter);
  const auto begin = steady_clock::now();
  const double processor = processor_seconds();
  const auto answer = usage_answer(path, parameters, now, "UTC", std::nullopt);
  fmt::print("{:16} {:5} {:16} {:15} {:6.0f} ms {:6.0f} ms of the processor  {}\n",
             parameters[2].second, parameters[1].second, parameters[0].second, filter,
             seconds_since(begin) * 1e3, (processor_seconds() - processor) * 1e3,
             answer ? fmt::format("{} KiB", answer->body.size() >> 10) : answer.error().message);
}

// What one step of packing took: as long, new records wait.
struct Step {
  double clock = 0;
  double processor = 0;
};

void pack(const std::string& path, config::Clock::Wall now) {
  constexpr int kStep = 2'000;  // as a gateway does
  auto ledger = SqliteLedger::open(path, {});
  std::vector<Step> steps;
  std::int64_t packed = 0;
  Step all;
  for (int step = kStep; step >= kStep; packed += step) {
    const auto began = steady_clock::now();
    const double processor = processor_seconds();
    step = *(*ledger)->pack(now - std::chrono::hours(2), kStep);
    steps.push_back({seconds_since(began), processor_seconds() - processor});
    all.clock += steps.back().clock;
    all.processor += steps.back().processor;
  }
  fmt::print("{} sums packed in {:.1f} s ({:.1f} s of the processor), {} steps\n", packed,
             all.clock, all.processor, steps.size());
  for (const auto& [name, which] :
       {std::pair("clock", &Step::clock), {"processor", &Step::processor}}) {
    std::ranges::sort(steps, {}, which);
    const auto ms = [&](double part) {
      return steps[static_cast<std::size_t>(part * static_cast<double>(steps.size() - 1))].*which *
             1e3;
    };
    fmt::print(
        "  a step by the {}: median {:.1f} ms, 99 of 100 within {:.1f} ms, longest {:.1f} ms\n",
        name, ms(0.5), ms(0.99), ms(1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "ledger_reports FILE [RECORDS] [DAYS]\n");
    return 2;
  }
  const std::string path = argv[1];
  const std::int64_t records = argc > 2 ? std::atoll(argv[2]) : 10'000'000;
  const int days = argc > 3 ? std::atoi(argv[3]) : 365;
  const auto now = config::SystemClock().wall();
  if (!std::filesystem::exists(path)) fill(path, records, days, now);
  pack(path, now);
  fmt::print("{} MiB\n", std::filesystem::file_size(path) >> 20);

  for (const char* zone : {"UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"}) {
    for (const char* step : {"none", "day", "hour"}) {
      for (const char* by : {"", "team", "key", "tag", "team,model", "key,model", "provider,target",
                             "tag,team", "tag,key"}) {
        for (const char* filter : {"", "team:team-3", "tag:project=p3"}) {
          ask(path, {{"by", by}, {"step", step}, {"zone", zone}, {"compare", "previous"}}, filter,
              now);
        }
      }
    }
  }
  const auto begin = steady_clock::now();
  auto ledger = SqliteLedger::open(path, {});
  fmt::print("opened for writing in {:.3f} s\n", seconds_since(begin));
  const auto asked = steady_clock::now();
  const auto spent = (*ledger)->spent({AccountKind::key, "key-12"}, now - std::chrono::hours(700));
  fmt::print("one account's month: {} USD in {:.0f} us\n", config::to_usd(*spent),
             seconds_since(asked) * 1e6);
  return 0;
}
