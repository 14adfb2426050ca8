#include "gateway/probing/prober.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <string_view>

#include <boost/asio/co_spawn.hpp>

#include "gateway/log.h"
#include "gateway/upstream/exchange.h"
#include "providers/registry.h"

namespace gateway::probing {
namespace {

using config::ErrorCode;
using config::FreeQuestion;
using config::Result;

// Who takes longer for this is not back.
constexpr std::chrono::milliseconds kPatience{5'000};
// However busily it goes on about it.
constexpr std::chrono::milliseconds kLongest{15'000};
constexpr std::size_t kLongestKeyState = 64UL * 1024;

constexpr std::string_view kBack = "back";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kFailed = "failed";

std::string_view outcome_of(const Result<void>& answer) {
  if (answer) return kBack;
  const auto code = answer.error().code;
  const bool refused = code == ErrorCode::upstream_denied || code == ErrorCode::upstream_no_credit;
  return refused ? kRefused : kFailed;
}

bool asks(const config::Config& config) {
  return std::any_of(config.providers.begin(), config.providers.end(),
                     [](const auto& provider) { return provider.probe.ask != FreeQuestion::none; });
}

config::Target impatient(config::Target target) {
  config::Timeouts& limits = target.timeouts;
  for (auto* limit : {&limits.connect, &limits.tls, &limits.whole_answer, &limits.idle}) {
    *limit = std::min(*limit, kPatience);
  }
  return target;
}

}  // namespace

// One question under way, from its beginning to its end, however it ends.
class Prober::Asking final : public TaskGroup::Task {
 public:
  Asking(Prober& owner, std::shared_ptr<const Snapshot> snapshot, Agenda::Question question)
      : Task(owner.around_.tasks),
        snapshot_(std::move(snapshot)),
        question_(std::move(question)),
        target_(impatient(*question_.asked)),
        exchange_(owner.pools_, target_),
        end_(
            owner.around_.deadlines,
            [](void* exchange) { static_cast<upstream::Exchange*>(exchange)->cancel(); },
            &exchange_) {
    end_.set(kLongest);
  }

  void drain() override { exchange_.cancel(); }
  void cut() override { exchange_.cancel(); }
  const Agenda::Question& question() const { return question_; }

  // What is thrown is an answer that did not come.
  Awaitable<Result<void>> run() {
    try {
      co_return co_await ask();
    } catch (const std::exception& bug) {
      log::error("a probe failed", {{"reason", bug.what()}});
      co_return config::failure(ErrorCode::internal, "A probe failed.", bug.what());
    }
  }

 private:
  Awaitable<Result<void>> ask() {
    const auto* adapter = providers::find_adapter(target_.probe.kind);
    const auto what = target_.probe.ask;
    auto request = adapter->free_question(target_, what);
    if (!request) co_return config::failure(ErrorCode::internal, "There is no such question.");
    request_ = *std::move(request);
    auto head = co_await exchange_.start(request_);
    if (!head) co_return std::move(head).error();
    auto body = Result<std::string_view>(std::string_view());
    if (what == FreeQuestion::key) body = co_await exchange_.read_all(kLongestKeyState);
    if (!body) co_return std::move(body).error();
    co_return adapter->read_free_answer(what, head->status, *body);
  }

  const std::shared_ptr<const Snapshot> snapshot_;  // what the question points into
  const Agenda::Question question_;
  const config::Target target_;
  providers::UpstreamRequest request_;
  upstream::Exchange exchange_;
  Deadline end_;
};

Prober::Prober(const Around& around, Configuration configuration)
    : around_(around),
      configuration_(std::move(configuration)),
      pools_(around.io, around.deadlines, around.clock) {}

void Prober::tick() {
  if (around_.tasks.draining()) return;
  auto snapshot = configuration_();
  if (!asks(snapshot->config())) return;
  const auto targets = watched_targets(*snapshot, around_.breakers);
  for (auto& question : agenda_.due(targets, around_.clock.now())) {
    auto asking = std::make_shared<Asking>(*this, snapshot, std::move(question));
    net::co_spawn(around_.io, asking->run(),
                  [this, asking](const std::exception_ptr&, const Result<void>& answer) mutable {
                    answered(asking->question(), answer);
                    asking.reset();
                  });
  }
}

void Prober::answered(const Agenda::Question& question, const Result<void>& answer) {
  const int changed = agenda_.answered(question, answer, around_.clock.now());
  const std::string_view outcome = outcome_of(answer);
  ++counts_[{question.asked->provider.str(), std::string(outcome)}];
  if (changed == 0) return;
  log::info(
      "probed",
      {{"provider", question.asked->provider.view()}, {"outcome", outcome}, {"targets", changed}});
}

void Prober::add_metrics(std::vector<prometheus::MetricFamily>& families) const {
  const auto snapshot = configuration_();
  if (!asks(snapshot->config())) return;
  prometheus::MetricFamily& probes = families.emplace_back();
  probes.name = "tollgate_probes_total";
  probes.help =
      "Questions that cost nothing, asked of providers whose targets were left alone. back: it "
      "answers, and a request may try it; refused: the key is not taken or has no credit; failed.";
  probes.type = prometheus::MetricType::Counter;
  for (const config::Provider& provider : snapshot->config().providers) {
    if (provider.probe.ask == FreeQuestion::none) continue;
    for (const std::string_view outcome : {kBack, kRefused, kFailed}) {
      const auto count = counts_.find({provider.name.str(), std::string(outcome)});
      prometheus::ClientMetric metric;
      metric.label = {{"provider", provider.name.str()}, {"outcome", std::string(outcome)}};
      metric.counter.value = count == counts_.end() ? 0 : static_cast<double>(count->second);
      probes.metric.push_back(std::move(metric));
    }
  }
}

}  // namespace gateway::probing
