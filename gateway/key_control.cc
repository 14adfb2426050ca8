#include "gateway/key_control.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/elsewhere.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/log.h"

namespace gateway {
namespace {

// A reader waits for nobody but whoever is making the file anew.
constexpr std::chrono::milliseconds kBusy{5'000};
constexpr std::chrono::seconds kWriteUsesEvery{30};
// How long a start waits to learn what budgets have spent.
constexpr std::chrono::milliseconds kBudgetsPatience{10'000};
// And how long the answer to a change.
constexpr std::chrono::milliseconds kAnswerWaits{2'000};
constexpr std::chrono::milliseconds kLookAgain{5};

AccountId account_of(const std::string& key) {
  return {AccountKind::key, key};
}

}  // namespace

config::Result<std::unique_ptr<KeyControl>> KeyControl::open(
    const std::shared_ptr<const Snapshot>& compiled, Money money, const config::Clock& clock,
    Random random) {
  // Asked before they are read: what another process changes after that is taken in later.
  const bool ours = money.accounting.writer() != nullptr;
  auto reader =
      sqlite::open_for_reading(compiled->config().ledger.database, kBusy, sqlite::Shape::keys);
  if (!reader) return std::move(reader).error();
  auto stored = keys::KeyStore(*reader).all();
  if (!stored) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("{}: the keys in it cannot be read: {}",
                                       compiled->config().ledger.database, stored.error().message),
                           stored.error().detail);
  }
  std::unique_ptr<KeyControl> control(
      new KeyControl(compiled, money, clock, std::move(random), *std::move(reader), *stored));
  control->may_be_behind_ = !ours;
  return control;
}

KeyControl::KeyControl(const std::shared_ptr<const Snapshot>& compiled, Money money,
                       const config::Clock& clock, Random random, sqlite::Database reader,
                       const std::vector<keys::StoredKey>& stored)
    : clock_(clock),
      limiter_(money.limiter),
      accounting_(money.accounting),
      reader_(std::move(reader)),
      live_(stored, &money.limiter),
      api_(*this, clock, std::move(random),
           {.configuration =
                [this] {
                  return std::shared_ptr<const config::Config>(current_, &current_->config());
                },
            .last_use = [this](const std::string& id) { return live_.last_use(id); },
            .last_use_of_file_key =
                [this](const config::Key& key) {
                  const auto last_use = current_->keys().last_use(key.sha256);
                  return last_use ? last_use->at() : std::nullopt;
                },
            .budgets =
                [this](const std::string& key, const std::string& team) {
                  const auto payers = limiter_.payers(config::KeyName(key), config::TeamName(team));
                  auto all = limiter_.budgets(payers, limits::Now::of(clock_));
                  std::erase_if(all, [](const limits::BudgetStatus& budget) {
                    return budget.account.kind != AccountKind::key;
                  });
                  return all;
                },
            .changed = [this](const admin::KeyChange& change) { return changed(change); }}),
      compiled_(compiled),
      uses_written_(clock.now()) {
  enforce_all();
  (void)accounting_.budgets().wait(lesson_, kBudgetsPatience);
  publish(compiled->with_keys(compiled->keys().with({}, live_.secrets())));
}

KeyControl::~KeyControl() = default;

void KeyControl::serve(Publish publish, const config::Endpoint& admin) {
  publish_ = std::move(publish);
  admin_ = admin;
  if (accounting_.writer() != nullptr) be_found();
}

// By the command line, which must come to whoever writes the ledger.
void KeyControl::be_found() {
  if (!admin_) return;
  auto file = keys::GatewayFile::write(compiled_->config().ledger.database, *admin_);
  admin_.reset();
  if (!file) return log::warn("the command line will not find us", {{"why", file.error().message}});
  file_.emplace(*std::move(file));
}

void KeyControl::adopt(const std::shared_ptr<const Snapshot>& compiled) {
  keep_last_uses(compiled->keys());
  compiled_ = compiled;
  enforce_all();
  publish(compiled->with_keys(compiled->keys().with({}, live_.secrets())));
}

// Of keys that the file had before: nobody else remembers.
void KeyControl::keep_last_uses(const KeyTable& next) const {
  for (const config::Key& key : compiled_->config().keys) {
    const auto before = compiled_->keys().last_use(key.sha256);
    const auto now = next.last_use(key.sha256);
    const auto used = before ? before->at() : std::nullopt;
    if (used && now && now != before) now->note(*used);
  }
}

Awaitable<config::Result<admin::Answer>> KeyControl::handle(const admin::Call& call) {
  return api_.handle(call);
}

// By value: callers may be gone when it goes on.
Awaitable<config::Result<void>> KeyControl::note(std::string who, std::string action,
                                                 std::string subject, std::string asked) {
  config::Result<void> noted;
  const keys::By by{std::move(who), clock_.wall()};
  auto write = [&](keys::KeyStore& store) { noted = store.note(by, action, subject, asked); };
  if (co_await change(std::move(write))) co_return noted;
  co_return config::failure(config::ErrorCode::overloaded,
                            "Another process writes the ledger; ask again when it has ended.");
}

Awaitable<bool> KeyControl::change(Work work) {
  // Where another process writes the ledger, it does not run.
  const auto send = [this](std::function<void()> errand) {
    (void)accounting_.run(std::move(errand));
  };
  auto task = [this, work = std::move(work)] {
    keys::KeyStore store(accounting_.ledger()->database());
    work(store);
    return true;
  };
  const auto done = co_await elsewhere(send, std::move(task));
  co_return done.has_value();
}

Awaitable<bool> KeyControl::read(Work work) {
  if (stopped_) co_return false;
  const auto send = [this](auto errand) { net::post(reading_, std::move(errand)); };
  auto task = [this, work = std::move(work)] {
    work(read_store_);
    return true;
  };
  const auto done = co_await elsewhere(send, std::move(task));
  co_return done.has_value();
}

// Enforced before anybody can ask with it, and for as long as somebody does.
Awaitable<void> KeyControl::changed(const admin::KeyChange& change) {
  const KeyTable& table = current_->keys();
  if (const auto meanwhile = following_.lock()) {
    meanwhile->push_back(
        {change.id, change.now == nullptr ? std::nullopt : std::optional(*change.now)});
  }
  if (change.now == nullptr) {
    if (auto last = live_.find(change.id)) leaving_.push_back({last->name.str(), last->last_use});
    publish(current_->with_keys(live_.without(table, change.id)));
    co_return;
  }
  const keys::StoredKey& now = *change.now;
  std::erase_if(leaving_, [&](const Leaving& one) { return one.name == now.name; });
  if (!in_file(now.name)) {
    enforce(now.name, now.settings.limits);
    if (change.new_name) limiter_.nothing_to_learn(account_of(now.name));
    learn_budgets();
  }
  publish(current_->with_keys(live_.with(table, now)));
  co_await budgets_have_learnt();
}

void KeyControl::enforce_all() {
  LimitsByAccount wanted = limits_of(compiled_->config());
  // What the file says of a name comes first.
  live_.for_each([&](const VirtualKey& key) {
    if (key.limits != config::Limits{}) wanted.try_emplace(account_of(key.name.str()), key.limits);
  });
  for (const Leaving& one : leaving_) {
    const auto account = account_of(one.name);
    const auto known = enforced_.find(account);
    if (known != enforced_.end()) wanted.insert(*known);
  }
  configure_limits(wanted, enforced_, limiter_, limits::Now::of(clock_));
  enforced_ = std::move(wanted);
  learn_budgets();
}

void KeyControl::enforce(const std::string& key, const config::Limits& limits) {
  const auto account = account_of(key);
  limiter_.configure(account, limits, limits::Now::of(clock_));
  if (limits == config::Limits{}) {
    enforced_.erase(account);
  } else {
    enforced_.insert_or_assign(account, limits);
  }
}

Awaitable<void> KeyControl::follow() {
  const auto meanwhile = std::make_shared<std::vector<Taken>>();
  following_ = meanwhile;
  // Asked first: what is changed after this is changed by this process.
  const bool ours = accounting_.writer() != nullptr;
  config::Result<std::vector<keys::StoredKey>> stored = std::vector<keys::StoredKey>();
  std::int64_t newest = last_change_;
  auto look = [&](keys::KeyStore& store) {
    const auto log = store.audit(0, 1);
    if (!log) {
      stored = log.error();
      return;
    }
    newest = log->empty() ? 0 : log->front().id;
    if (newest != last_change_) stored = store.all();
  };
  const bool looked = co_await read(std::move(look));
  if (!looked) co_return;
  if (!stored) {
    log::warn("what changed of the keys is not known yet", {{"why", stored.error().message}});
    co_return;
  }
  if (ours) may_be_behind_ = false;
  if (newest == last_change_) co_return;
  last_change_ = newest;
  // What was changed here while they were read may not be in them.
  for (const Taken& taken : *meanwhile) {
    std::erase_if(*stored, [&](const keys::StoredKey& key) { return key.id == taken.id; });
    if (taken.now) stored->push_back(*taken.now);
  }
  note_who_leaves(*stored);
  live_ = keys::LiveKeys(*stored, &limiter_);
  adopt(compiled_);
}

// As changed() does, of what another process deleted.
void KeyControl::note_who_leaves(const std::vector<keys::StoredKey>& staying) {
  std::unordered_set<std::string_view> names;
  for (const keys::StoredKey& key : staying) names.insert(key.name);
  std::erase_if(leaving_, [&](const Leaving& one) { return names.contains(one.name); });
  live_.for_each([&](const VirtualKey& key) {
    if (!names.contains(key.name.view())) leaving_.push_back({key.name.str(), key.last_use});
  });
}

void KeyControl::learn_budgets() {
  if (limiter_.unlearnt() > 0) lesson_ = accounting_.budgets().ask();
}

// So that who hears that a budget was set may count on all of it. Moments, unless the ledger
// does not answer; until it does, budgets know what was spent here.
Awaitable<void> KeyControl::budgets_have_learnt() {
  const auto give_up = clock_.now() + kAnswerWaits;
  const std::uint64_t lesson = lesson_;
  net::steady_timer next_look(co_await net::this_coro::executor);
  while (!accounting_.budgets().learnt(lesson) && clock_.now() < give_up) {
    next_look.expires_after(kLookAgain);
    co_await next_look.async_wait(kAsTuple);
  }
}

void KeyControl::let_go() {
  previous_.reset();
  const auto gone = [](const Leaving& one) { return one.in_use.expired(); };
  const auto first = std::partition(leaving_.begin(), leaving_.end(), std::not_fn(gone));
  if (first == leaving_.end()) return;
  for (auto at = first; at != leaving_.end(); ++at) {
    if (!in_file(at->name)) enforce(at->name, {});
  }
  leaving_.erase(first, leaving_.end());
  limiter_.forget_unused();
}

void KeyControl::publish(std::shared_ptr<const Snapshot> next) {
  previous_ = std::exchange(current_, std::move(next));
  if (publish_) publish_(current_);
}

void KeyControl::tick() {
  if (admin_ && accounting_.writer() != nullptr) be_found();
  let_go();
  if (clock_.now() - uses_written_ >= kWriteUsesEvery) write_uses_down();
}

void KeyControl::stop() {
  file_.reset();
  write_uses_down();
  stopped_ = true;
  reading_.join();
}

void KeyControl::write_uses_down() {
  uses_written_ = clock_.now();
  auto uses = live_.new_uses();
  if (uses.empty()) return;
  // Runs on the ledger's thread, perhaps when this object has gone.
  (void)accounting_.run([&accounting = accounting_, uses = std::move(uses)] {
    const auto written = keys::KeyStore(accounting.ledger()->database()).note_uses(uses);
    if (written) return;
    log::warn("when keys were last used is not written down", {{"why", written.error().detail}});
  });
}

bool KeyControl::in_file(std::string_view name) const {
  const auto& all = compiled_->config().keys;
  return std::any_of(all.begin(), all.end(),
                     [&](const config::Key& key) { return key.name.view() == name; });
}

}  // namespace gateway
