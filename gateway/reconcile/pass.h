#pragma once
// One pass over the ledger that asks upstreams for the receipts of what they answered, and
// books what the receipts say: what cost no provider had told becomes `reported`. Run again,
// it changes nothing more. One question at a time, and none behind a provider that refuses.
// A coroutine on the thread of its pools; off every request's path.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>

#include "config/base/clock.h"
#include "config/config.h"
#include "gateway/async.h"
#include "gateway/ledger/correction.h"
#include "gateway/ledger/second_opinion.h"
#include "gateway/ledger/sums.h"
#include "gateway/ledger/unreported.h"
#include "gateway/reconcile/schedule.h"
#include "gateway/upstream/pool.h"
#include "providers/receipt.h"

namespace gateway::upstream {
class Exchange;
}

namespace gateway::reconcile {

// The ledger, as a pass needs it.
class Book {
 public:
  virtual ~Book() = default;
  virtual Awaitable<config::Result<UnreportedPage>> page(const Unreported& asked) = 0;
  virtual Awaitable<config::Result<std::int64_t>> left_out(const Unreported& asked) = 0;
  // Whether it changed anything. `before`: the attempt as it stood.
  virtual Awaitable<config::Result<bool>> correct(const UsageRecord& before,
                                                  const Correction& correction) = 0;
};

struct Wanted {
  std::vector<Span> spans;             // one after the other
  std::string provider;                // empty: all
  bool all = false;                    // also those whose cost is reported already
  bool dry_run = false;                // nothing is booked
  bool count_left_out = true;          // fills Outcomes::without_receipts
  std::chrono::milliseconds pause{0};  // between two questions
};

enum class Verdict : std::uint8_t {
  corrected,  // booked from the receipt; in a dry run: would be
  agrees,     // the receipt says what is booked
  none_yet,   // the upstream does not know of it (yet); a later pass asks again
  zero,       // it says that paid tokens cost nothing: an alarm, and booked as it was
  not_asked,  // its provider is not configured any more, or refuses
  failed,
  no_id,  // its upstream told no id to ask by: it was interrupted, or its client left early
};
std::string_view to_string(Verdict verdict);

// What became of one attempt: three numbers side by side, and the one it was booked at.
struct Finding {
  UsageRecord before;
  std::optional<config::PicoUsd> ours;  // our price times the tokens
  std::optional<providers::Receipt> receipt;
  std::optional<TwoOpinions> compared;  // where both are of the same tokens
  Verdict verdict = Verdict::failed;
  std::string why;  // of not_asked and failed
};

// Of one provider and model, the attempts with a receipt.
struct Totals {
  std::int64_t attempts = 0;
  MoneySum booked = 0;
  std::optional<MoneySum> ours;       // nullopt: of none of them
  std::optional<MoneySum> in_answer;  // nullopt: in none of them
  MoneySum receipts = 0;
};

struct Outcomes {
  std::map<Verdict, std::int64_t> counts;
  std::int64_t without_receipts = 0;  // attempts at upstreams that give none
  MoneySum no_id_booked = 0;          // what those without an id are booked at
  std::map<std::pair<std::string, std::string>, Totals> totals;
  void add(const Finding& finding);
};

// Who hears of each attempt as it is looked at.
class Listener {
 public:
  virtual ~Listener() = default;
  // The pass waits for it, and may be ended by it.
  virtual Awaitable<void> found(const Finding& finding) = 0;
};

class Pass {
 public:
  // All outlive the pass. `config` says where to ask, and our prices.
  Pass(upstream::Pools& pools, const config::Config& config, Book& book, Wanted wanted);

  // An Error is the book's: what was done until then stays.
  Awaitable<config::Result<Outcomes>> run(Listener& listener);

  // Ends after the question under way.
  void stop() { stopped_ = true; }
  // Ends the question under way too.
  void cut();

 private:
  using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                          net::wait_traits<std::chrono::steady_clock>, Executor>;
  const config::Target* target_of(const UsageRecord& record) const;
  Awaitable<config::Result<void>> look_through(const Span& span, Listener& listener,
                                               Outcomes& outcomes);
  Awaitable<config::Result<void>> look_at(const UsageRecord& record, const config::Target& target,
                                          Finding& finding);
  Awaitable<void> ask(const config::Target& target, const std::string& path, Finding& finding);
  Awaitable<void> pause();

  upstream::Pools& pools_;
  Book& book_;
  const Wanted wanted_;
  // Copies that wait for less long than a chat may.
  std::map<config::TargetName, config::Target> targets_;
  std::map<config::ProviderName, const config::Target*> by_provider_;
  std::vector<std::string> without_;                          // providers that give no receipts
  std::map<std::string, std::string, std::less<>> refusing_;  // provider -> why
  bool stopped_ = false;
  // While one is under way.
  upstream::Exchange* asking_ = nullptr;
  Timer* waiting_ = nullptr;
};

}  // namespace gateway::reconcile
