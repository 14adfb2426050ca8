// Any interleaving of success, failure, failover, disconnect, drain, budgets that end, a locked
// ledger, time that passes and crash keeps the sum of what was settled equal to the ledger's,
// and nothing held at rest. TOLLGATE_SEEDS sets how many stories (200), TOLLGATE_SEED the first.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "tests/gateway/chat/money_path.h"

namespace gateway::chat {
namespace {

using config::ErrorCode;
using config::PicoUsd;
using providers::Source;
using test::Place;
using test::Process;

struct Stream : providers::StreamDecoder {
  config::Result<void> decode(const providers::SseEvent&, providers::Body&) override { return {}; }
  config::Result<void> finish(providers::Body&) override { return {}; }
  void stop(std::string_view, providers::Body&) override {}
  void end(providers::Body&) override {}
  void deliver(std::string_view text) {
    delivered_.add(0, providers::DeliveredText::Part::content, text);
  }
  void reported(std::int64_t prompt, std::int64_t completion) {
    usage_.prompt = prompt;
    usage_.completion = completion;
    usage_.tokens = Source::reported;
  }
};

// A request and what of it is under way. Its decoder outlives its meter.
struct Open {
  Open() = default;
  Open(Open&& other) noexcept = default;
  Open& operator=(Open&& other) noexcept {
    attempt = std::move(other.attempt);  // what was here ends before the meter it refers to
    meter = std::move(other.meter);
    decoder = std::move(other.decoder);
    shown = other.shown;
    streamed = other.streamed;
    id = std::move(other.id);
    return *this;
  }

  std::string id;
  bool streamed = false;
  std::int64_t shown = 0;
  std::unique_ptr<Stream> decoder;
  std::unique_ptr<Meter> meter;
  std::unique_ptr<AttemptMeter> attempt;
};

constexpr std::int64_t kInput = 1'000;
constexpr std::int64_t kOutput = 2'000;
constexpr std::int64_t kFirstPiece = 10;

class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {
    target_.name = config::TargetName("acme/one");
    target_.provider = config::ProviderName("acme");
    target_.price = config::Price{};
    target_.price->input = {kInput};
    target_.price->output = {kOutput};
    const auto total = [](std::int64_t usd) {
      config::Limits limits;
      limits.budgets = {
          {.limit = PicoUsd{usd}, .window = config::Window::total, .zone = "UTC"},
          {.limit = PicoUsd{usd * 2}, .window = config::Window::day, .zone = "Europe/Berlin"}};
      return limits;
    };
    // Enough for most of a story; the end of one of them is a story too.
    place_.limits[{AccountKind::key, "ada"}] = total(2'000'000 + below(20'000'000));
    place_.limits[{AccountKind::team, "red"}] = total(30'000'000);
    place_.limits[{}] = total(60'000'000);
  }

  void tell() {
    for (int lives = 1 + static_cast<int>(below(3)); lives > 0; --lives) one_life();
    Process last(place_);
    last.check();
    EXPECT_TRUE(last.end());
    for (const auto& entry : std::filesystem::directory_iterator(place_.settings().journal)) {
      EXPECT_FALSE(entry.is_directory()) << "nothing is left to replay: " << entry.path();
    }
  }

 private:
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end));
  }

  void one_life() {
    Process process(place_);
    for (std::int64_t step = below(120); step > 0; --step) one_step(process);
    if (below(3) > 0) {  // it dies
      for (auto& sink : process.sinks) sink->die();
      other_.reset();
      open_.clear();
      return;
    }
    while (!open_.empty()) end_one(process);
    unlock();
    process.check();
    if (below(2) == 0) EXPECT_TRUE(process.end());
  }

  void one_step(Process& process) {
    const auto dice = below(100);
    if (dice < 35 || open_.empty()) return begin(process);
    if (dice < 60) return show(any());
    if (dice < 90) return end_one(process);
    if (dice < 96) return place_.clock.advance(std::chrono::minutes(below(300)));
    if (dice < 98) return lock();
    unlock();
  }

  std::size_t any() {
    return static_cast<std::size_t>(below(static_cast<std::int64_t>(open_.size())));
  }

  void begin(Process& process) {
    Open open;
    RequestSummary summary;
    open.id = fmt::format("{:032x}", ++requests_);
    open.streamed = below(2) == 0;
    summary.request = config::RequestId(open.id);
    summary.key = config::KeyName("ada");
    summary.team = config::TeamName("red");
    summary.model = config::ModelName("m");
    summary.streamed = open.streamed;
    payers_ = process.limiter.payers(summary.key, summary.team);
    auto slot = process.limiter.admit(payers_, 10, process.now());
    ASSERT_TRUE(slot) << "there are no rates";
    auto& sink = *process.sinks[static_cast<std::size_t>(below(Process::kWorkers))];
    open.meter = std::make_unique<Meter>(sink, place_.clock, std::move(summary), *std::move(slot));
    if (try_one(process, open)) open_.push_back(std::move(open));
  }

  // An attempt of the request, if its hold fits.
  bool try_one(Process& process, Open& open) {
    Stake stake;
    const std::int64_t output = open.streamed ? kFirstPiece : 1 + below(200);
    stake.reserved.tokens = {20, output};
    stake.reserved.output = {kOutput};
    stake.reserved.amount = PicoUsd{20 * kInput + output * kOutput};
    stake.step = kFirstPiece;
    const auto now = process.now();
    stake.started = now.wall;
    auto hold = process.limiter.hold(payers_, *stake.reserved.amount, now);
    if (!hold) return false;
    stake.hold = *std::move(hold);
    open.shown = 0;
    open.attempt.reset();
    open.decoder = std::make_unique<Stream>();
    open.attempt = std::make_unique<AttemptMeter>(*open.meter, target_, chat_, std::move(stake));
    open.attempt->watch(*open.decoder);
    if (!open.attempt->begin()) {
      open.attempt.reset();
      return false;
    }
    if (below(8) > 0) open.attempt->written();
    return true;
  }

  // A stream goes on, unless its money is at an end.
  void show(std::size_t which) {
    Open& open = open_[which];
    if (!open.streamed) return;
    const std::int64_t more = 1 + below(30);
    open.attempt->written();
    if (open.attempt->cover(open.shown + more)) {
      open.shown += more;
      open.attempt->first_content();
      for (std::int64_t i = 0; i < more; ++i) open.decoder->deliver(" word");
      return;
    }
    open.attempt->stopped();
    open.meter->answered(200);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  static providers::Usage usage(std::int64_t prompt, std::int64_t completion) {
    Stream counted;
    counted.reported(prompt, completion);
    return counted.usage();
  }

  void end_one(Process& process) {
    const auto which = any();
    Open open = std::move(open_[which]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    AttemptMeter& attempt = *open.attempt;
    switch (below(8)) {
      case 0:
      case 1:
        attempt.written();
        attempt.ok(usage(15 + below(10), open.streamed ? open.shown : below(200)));
        return open.meter->answered(200);
      case 2:  // nobody counted
        attempt.written();
        attempt.ok({});
        return open.meter->answered(200);
      case 3:
        return;  // the client left: by destructor
      case 4:
        attempt.client_gone(config::OnClientGone::drain);
        attempt.written();
        return attempt.drained(below(2) == 0 ? usage(20, open.shown + below(30))
                                             : providers::Usage{});
      case 5: {
        attempt.written();
        attempt.refused_in_words();
        attempt.failed(config::failure(ErrorCode::upstream_busy, "busy"), open.shown > 0);
        // The next target, if its hold fits too.
        if (open.shown == 0 && try_one(process, open)) open_.push_back(std::move(open));
        return;
      }
      default:
        attempt.failed(config::failure(ErrorCode::upstream_timeout, "late"), open.shown > 0);
        if (open.shown == 0 && try_one(process, open)) open_.push_back(std::move(open));
    }
  }

  // Somebody else writes to the ledger.
  void lock() {
    if (other_) return;
    auto other = sqlite::open_again(place_.path(), {});
    if (!other || !other->run("BEGIN IMMEDIATE")) return;
    other_ = std::make_unique<sqlite::Database>(*std::move(other));
  }
  void unlock() { other_.reset(); }

  std::mt19937_64 random_;
  Place place_;
  config::Target target_;
  std::string body_ = R"({"model":"m","messages":[{"role":"user","content":"hello there"}]})" +
                      std::string(64, '\0');  // the padding simdjson reads
  providers::JsonWorkspace json_;
  providers::ChatRequest chat_ = *providers::read_chat_request(
      json_, providers::Operation::chat, std::string_view(body_).substr(0, body_.find('\0')));
  int requests_ = 0;
  limits::Payers payers_;
  std::vector<Open> open_;
  std::unique_ptr<sqlite::Database> other_;
};

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(MoneyProperty, AnyInterleavingKeepsTheLedgerWhatWasSettledAndHoldsNothingAtRest) {
  // Files come and go by the hundred: in memory, where there is room for that.
  if (std::filesystem::exists("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  const std::uint64_t first = number_in("TOLLGATE_SEED", 1);
  const std::uint64_t end = first + number_in("TOLLGATE_SEEDS", 200);
  for (std::uint64_t seed = first; seed < end; ++seed) {
    SCOPED_TRACE(fmt::format("TOLLGATE_SEED={}", seed));
    Story(seed).tell();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace gateway::chat
