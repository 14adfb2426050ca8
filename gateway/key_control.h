#pragma once
// The virtual keys of a running gateway: read at start, administered through its KeysApi, and
// every change enforced by the limiter and handed on as a new snapshot, the old one's
// configuration with other keys. The control thread's. Changes are written by the ledger's
// thread, the one that may write; what is read is read by a thread of this class's own, so that
// neither probes nor signals wait for a database.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/accounting.h"
#include "gateway/admin/keys_api.h"
#include "gateway/configure_limits.h"
#include "gateway/keys/gateway_file.h"
#include "gateway/keys/key_store.h"
#include "gateway/keys/live_keys.h"
#include "gateway/keys/store_access.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/limits/limiter.h"
#include "gateway/random.h"
#include "gateway/snapshot.h"

namespace gateway {

class KeyControl final : private keys::StoreAccess {
 public:
  using Publish = std::function<void(const std::shared_ptr<const Snapshot>& next)>;
  // What keys count in, and where they are kept; both outlive the KeyControl.
  struct Money {
    limits::Limiter& limiter;
    Accounting& accounting;
  };

  // `compiled`: the configuration's snapshot, with its keys alone. The limits of the
  // configuration and of all keys are enforced when this returns, and it waits some seconds
  // for budgets to learn what was spent. An Error's message is a line for the operator.
  static config::Result<std::unique_ptr<KeyControl>> open(
      const std::shared_ptr<const Snapshot>& compiled, Money money, const config::Clock& clock,
      Random random);
  KeyControl(const KeyControl&) = delete;
  KeyControl& operator=(const KeyControl&) = delete;
  ~KeyControl() override;

  // The configuration with all keys.
  const std::shared_ptr<const Snapshot>& snapshot() const { return current_; }
  // From here on every new snapshot is given to `publish`, and the command line finds the
  // gateway at `admin`.
  void serve(Publish publish, const config::Endpoint& admin);

  // A configuration was loaded anew: publishes it with the stored keys. Where it names
  // another database, that counts from the next start.
  void adopt(const std::shared_ptr<const Snapshot>& compiled);

  Awaitable<config::Result<admin::Answer>> handle(const admin::Call& call);
  // Writes into the log of changes what else `who` asked for, as JSON, and of what.
  Awaitable<config::Result<void>> note(std::string who, std::string action, std::string subject,
                                       std::string asked);

  // About once a second: lets go of what nobody uses any more, writes last uses down now and
  // then.
  void tick();
  // About once a second: takes in what another process changed that writes the ledger, or did
  // until now. One at a time.
  Awaitable<void> follow();
  bool may_follow() const { return may_be_behind_ && following_.expired(); }
  // Before the ledger's thread ends: writes last uses down, is not found any more, and reads
  // nothing more. Whoever waits is answered.
  void stop();

 private:
  // A deleted key's limits hold for what it had under way.
  struct Leaving {
    std::string name;
    std::weak_ptr<const LastUse> in_use;  // which everything it was shares
  };

  // A change made here, as it was taken in.
  struct Taken {
    std::string id;
    std::optional<keys::StoredKey> now;  // nullopt: deleted
  };

  KeyControl(const std::shared_ptr<const Snapshot>& compiled, Money money,
             const config::Clock& clock, Random random, sqlite::Database reader,
             const std::vector<keys::StoredKey>& stored);

  Awaitable<bool> change(Work work) override;
  Awaitable<bool> read(Work work) override;

  Awaitable<void> changed(const admin::KeyChange& change);
  void keep_last_uses(const KeyTable& next) const;
  void note_who_leaves(const std::vector<keys::StoredKey>& staying);
  void be_found();
  void learn_budgets();
  Awaitable<void> budgets_have_learnt();
  void enforce_all();
  void enforce(const std::string& key, const config::Limits& limits);
  void let_go();
  void publish(std::shared_ptr<const Snapshot> next);
  void write_uses_down();
  bool in_file(std::string_view name) const;

  const config::Clock& clock_;
  limits::Limiter& limiter_;
  Accounting& accounting_;
  sqlite::Database reader_;  // the reading thread's
  keys::KeyStore read_store_{reader_};
  keys::LiveKeys live_;
  admin::KeysApi api_;
  LimitsByAccount enforced_;
  std::uint64_t lesson_ = 0;    // BudgetKeeper::ask, the latest
  bool may_be_behind_ = false;  // another process wrote the ledger, and may have changed keys
  std::weak_ptr<std::vector<Taken>> following_;  // follow()'s, while it lasts
  std::int64_t last_change_ = -1;  // that was taken in, by the log of changes; -1: not known
  std::vector<Leaving> leaving_;
  std::shared_ptr<const Snapshot> compiled_;  // the configuration's keys alone
  std::shared_ptr<const Snapshot> current_;
  // For a moment, so that its end, which frees much where keys are many, is this thread's and
  // no worker's.
  std::shared_ptr<const Snapshot> previous_;
  Publish publish_;
  std::optional<config::Endpoint> admin_;  // until the command line finds us there
  std::optional<keys::GatewayFile> file_;
  config::Clock::Steady uses_written_;
  bool stopped_ = false;
  net::thread_pool reading_{1};
};

}  // namespace gateway
