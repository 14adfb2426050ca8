#pragma once
// What can be done with virtual keys, as JSON in and JSON out: behind the admin listener,
// and behind the command line where no gateway runs. Knows no sockets; one thread, which never
// waits for the store. Everything it is given outlives it.
//
//   GET    /api/keys              POST /api/keys              GET /api/audit
//   GET    /api/keys/{id}         PATCH, DELETE               {id} may be a name
//   POST   /api/keys/{id}/rotate  …/disable  …/enable

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/admin/call.h"
#include "gateway/admin/shown_key.h"
#include "gateway/async.h"
#include "gateway/keys/store_access.h"
#include "gateway/limits/limiter.h"
#include "gateway/random.h"

namespace gateway::admin {

// A key was made or changed (`now`), or deleted (nullptr); it is in the store.
struct KeyChange {
  const std::string& id;
  const keys::StoredKey* now;
  bool new_name = false;  // it was made, and nothing was ever recorded under its name
};

// What a gateway that runs knows beside the store; empty functions where none does.
struct Surroundings {
  // The keys and models of its configuration. Asked anew for each call.
  std::function<std::shared_ptr<const config::Config>()> configuration;
  std::function<std::optional<config::Clock::Wall>(const std::string& id)> last_use;
  std::function<std::optional<config::Clock::Wall>(const config::Key& key)> last_use_of_file_key;
  // Of the key's own account.
  std::function<std::vector<limits::BudgetStatus>(const std::string& name, const std::string& team)>
      budgets;
  // Takes a change in; it is answered when this returns.
  std::function<Awaitable<void>(const KeyChange& change)> changed;
};

class KeysApi {
 public:
  KeysApi(keys::StoreAccess& store, const config::Clock& clock, Random random, Surroundings around);

  // Errors: as config::ErrorCode has them; `conflict` where a version or a name is not what
  // the caller thinks.
  Awaitable<config::Result<Answer>> handle(const Call& call);

 private:
  Awaitable<config::Result<Answer>> list();
  Awaitable<config::Result<Answer>> show(std::string_view id);
  Awaitable<config::Result<Answer>> create(const Call& call);
  Awaitable<config::Result<Answer>> change(std::string_view id, const Call& call);
  Awaitable<config::Result<Answer>> remove(std::string_view id, const Call& call);
  Awaitable<config::Result<Answer>> rotate(std::string_view id, const Call& call);
  Awaitable<config::Result<Answer>> switch_to(std::string_view id, bool enabled, const Call& call);
  Awaitable<config::Result<Answer>> audit(const Call& call);

  // What `work` returned where the store lives, or why it did not run.
  template <class Work>
  Awaitable<std::invoke_result_t<Work, keys::KeyStore&>> changed(Work work);
  template <class Work>
  Awaitable<std::invoke_result_t<Work, keys::KeyStore&>> read(Work work);
  // A change made to the key `id`: told to whoever runs, and answered.
  struct Told {
    unsigned status = 200;
    const config::Secret* secret = nullptr;
    bool new_name = false;
  };
  Awaitable<Answer> tell(const keys::StoredKey& now, Told how) const;
  config::Result<void> expect_stored(std::string_view id) const;
  keys::By by(const Call& call) const;
  Answer one(const keys::StoredKey& key, unsigned status, const config::Secret* secret) const;
  KnownOfKey known_of(const keys::StoredKey& key) const;
  KnownOfKey known_of(const config::Key& key) const;
  KnownOfKey known_of(const std::string& name, const std::string& team) const;

  keys::StoreAccess& store_;
  const config::Clock& clock_;
  const Random random_;
  const Surroundings around_;
};

}  // namespace gateway::admin
