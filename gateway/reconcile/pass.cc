#include "gateway/reconcile/pass.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gateway/upstream/exchange.h"
#include "providers/registry.h"

namespace gateway::reconcile {
namespace {

using config::Result;

constexpr std::chrono::milliseconds kPatience{10'000};
constexpr std::size_t kLongestReceipt = 256UL * 1024;
constexpr int kPage = 100;

enum Status {
  ok = 200,
  unauthorized = 401,
  payment = 402,
  forbidden = 403,
  missing = 404,
  busy = 429
};

// The counts of the receipt where they are others; what it does not split stays as it was
// only where its wholes are the same.
providers::Usage with_tokens(const providers::Usage& before, const providers::Usage& receipt) {
  const bool same = before.prompt == receipt.prompt && before.completion == receipt.completion;
  providers::Usage out = same ? before : receipt;
  out.tokens = receipt.tokens;
  out.reported_cost = before.reported_cost;
  out.reported_cost_text = before.reported_cost_text;
  out.price_variant = before.price_variant;
  if (!same) out.suspect = false;
  return out;
}

Correction correction_of(const UsageRecord& before, const providers::Receipt& receipt,
                         const config::Target& target) {
  Correction out{before.request, before.attempt, receipt.cost, {}, {}};
  if (receipt.tokens.tokens != providers::Source::reported) return out;
  out.usage = with_tokens(before.usage, receipt.tokens);
  if (target.price) out.priced = providers::priced(*out.usage, *target.price);
  return out;
}

const providers::GivesReceipts* receipts_at(const config::Target& target) {
  return providers::receipts_of(*providers::find_adapter(target.kind));
}

// Says what is under way for as long as that lives, whatever ends it.
template <class T>
class UnderWay {
 public:
  UnderWay(T*& place, T& what) : place_(place) { place_ = &what; }
  ~UnderWay() { place_ = nullptr; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  T*& place_;
};

bool changes(const UsageRecord& before, const Correction& correction) {
  return !(sums_of(corrected(before, correction)) == sums_of(before));
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::corrected:
      return "corrected";
    case Verdict::agrees:
      return "agrees";
    case Verdict::none_yet:
      return "none_yet";
    case Verdict::zero:
      return "zero";
    case Verdict::not_asked:
      return "not_asked";
    case Verdict::failed:
      return "failed";
    case Verdict::no_id:
      return "no_id";
  }
  return "failed";
}

void Outcomes::add(const Finding& finding) {
  ++counts[finding.verdict];
  if (finding.verdict == Verdict::no_id) {
    no_id_booked += finding.before.cost.amount.value_or(config::PicoUsd{}).value;
  }
  if (!finding.receipt) return;
  Totals& sums = totals[{finding.before.provider.str(), finding.before.model.str()}];
  const auto add = [](std::optional<MoneySum>& sum, const std::optional<config::PicoUsd>& amount) {
    if (amount) sum = sum.value_or(0) + amount->value;
  };
  ++sums.attempts;
  sums.booked += finding.before.cost.amount.value_or(config::PicoUsd{}).value;
  add(sums.ours, finding.ours);
  add(sums.in_answer, finding.before.usage.reported_cost);
  sums.receipts += finding.receipt->cost.value;
}

Pass::Pass(upstream::Pools& pools, const config::Config& config, Book& book, Wanted wanted)
    : pools_(pools), book_(book), wanted_(std::move(wanted)) {
  for (const config::Model& model : config.models) {
    for (const config::Target& target : model.targets) {
      config::Target copy = target;
      copy.timeouts.whole_answer = std::min(copy.timeouts.whole_answer, kPatience);
      const auto& kept = targets_.try_emplace(target.name, std::move(copy)).first->second;
      const auto& [first, is_new] = by_provider_.try_emplace(target.provider, &kept);
      // One target may speak another dialect than the provider's others.
      if (receipts_at(kept) != nullptr) first->second = &kept;
    }
  }
  for (const auto& [name, target] : by_provider_) {
    if (receipts_at(*target) == nullptr) without_.push_back(name.str());
  }
}

// The target it went to, or one of the same provider: address and key are the provider's.
const config::Target* Pass::target_of(const UsageRecord& record) const {
  const auto same = targets_.find(record.target);
  if (same != targets_.end()) return &same->second;
  const auto other = by_provider_.find(record.provider);
  return other != by_provider_.end() ? other->second : nullptr;
}

Awaitable<Result<Outcomes>> Pass::run(Listener& listener) {
  Outcomes outcomes;
  for (const Span& span : wanted_.spans) {
    auto looked = co_await look_through(span, listener, outcomes);
    if (!looked) co_return std::move(looked).error();
  }
  co_return outcomes;
}

Awaitable<Result<void>> Pass::look_through(const Span& span, Listener& listener,
                                           Outcomes& outcomes) {
  Unreported asked{place_of(span.since), span.until, wanted_.all,
                   wanted_.provider,     without_,   kPage};
  if (wanted_.count_left_out && !stopped_) {
    auto count = co_await book_.left_out(asked);
    if (!count) co_return std::move(count).error();
    outcomes.without_receipts += *count;
  }
  while (!stopped_) {
    auto page = co_await book_.page(asked);
    if (!page) co_return std::move(page).error();
    for (const UsageRecord& record : page->attempts) {
      if (stopped_) break;
      Finding finding;
      finding.before = record;
      finding.ours = record.priced;
      const config::Target* target = target_of(record);
      if (target != nullptr && receipts_at(*target) == nullptr) {
        ++outcomes.without_receipts;
        continue;
      }
      if (record.upstream_id.empty()) {
        finding.verdict = Verdict::no_id;
      } else if (target == nullptr) {
        finding.verdict = Verdict::not_asked;
        finding.why = "its provider is not configured any more";
      } else {
        auto looked = co_await look_at(record, *target, finding);
        if (!looked) co_return std::move(looked).error();
        // Cut off in the middle: a later pass asks again.
        if (stopped_ && finding.verdict == Verdict::failed) break;
      }
      outcomes.add(finding);
      co_await listener.found(finding);
    }
    if (page->attempts.size() < static_cast<std::size_t>(kPage)) break;
    asked.after = page->next;
  }
  co_return Result<void>();
}

Awaitable<Result<void>> Pass::look_at(const UsageRecord& record, const config::Target& target,
                                      Finding& finding) {
  const auto refusing = refusing_.find(record.provider.view());
  if (refusing != refusing_.end()) {
    finding.verdict = Verdict::not_asked;
    finding.why = refusing->second;
    co_return Result<void>();
  }
  const std::string path = receipts_at(target)->receipt_path(record.upstream_id);
  if (path.empty()) {
    finding.verdict = Verdict::no_id;
    co_return Result<void>();
  }
  co_await ask(target, path, finding);
  co_await pause();
  if (!finding.receipt) co_return Result<void>();

  const Correction correction = correction_of(record, *finding.receipt, target);
  if (correction.priced) finding.ours = correction.priced;
  if (finding.receipt->cost.value == 0 && finding.ours && finding.ours->value > 0) {
    finding.verdict = Verdict::zero;
    co_return Result<void>();
  }
  if (stopped_) co_return Result<void>();  // nobody may be there any more to book it
  bool changed = changes(record, correction);
  if (changed && !wanted_.dry_run) {
    auto booked = co_await book_.correct(record, correction);
    if (!booked) co_return std::move(booked).error();
    changed = *booked;
  }
  finding.compared = compared(corrected(record, correction), finding.receipt->cost);
  finding.verdict = changed ? Verdict::corrected : Verdict::agrees;
  co_return Result<void>();
}

Awaitable<void> Pass::ask(const config::Target& target, const std::string& path, Finding& finding) {
  const providers::Adapter& adapter = *providers::find_adapter(target.kind);
  const auto request = adapter.lookup(target, path);
  upstream::Exchange exchange(pools_, target);
  const UnderWay asking(asking_, exchange);
  auto head = co_await exchange.start(request);
  auto body = Result<std::string_view>(std::string_view());
  if (head) body = co_await exchange.read_all(kLongestReceipt);
  if (!head) {
    finding.why = fmt::format("it cannot be reached: {}", head.error().detail);
    refusing_.emplace(finding.before.provider.view(), finding.why);
    co_return;
  }
  const int status = head->status;
  if (status == missing) {
    finding.verdict = Verdict::none_yet;
    co_return;
  }
  if (status == unauthorized || status == payment || status == forbidden || status == busy) {
    finding.why = fmt::format("it answers {}", status);
    refusing_.emplace(finding.before.provider.view(), finding.why);
    co_return;
  }
  if (!body || status != ok) {
    finding.why = body ? fmt::format("it answers {}", status) : body.error().detail;
    co_return;
  }
  auto receipt = providers::receipts_of(adapter)->read_receipt(*body);
  if (!receipt) {
    finding.why = receipt.error().detail;
    co_return;
  }
  finding.receipt = *std::move(receipt);
}

Awaitable<void> Pass::pause() {
  if (wanted_.pause.count() == 0 || stopped_) co_return;
  Timer timer(pools_.executor(), wanted_.pause);
  const UnderWay waiting(waiting_, timer);
  co_await timer.async_wait(kAsTuple);
}

void Pass::cut() {
  stopped_ = true;
  if (asking_ != nullptr) asking_->cancel();
  if (waiting_ != nullptr) waiting_->cancel();
}

}  // namespace gateway::reconcile
