#pragma once
// How coroutines reach the KeyStore, which lives on another thread than theirs: one that may
// change it, and others that only read and never wait for a change.

#include <functional>

#include "gateway/async.h"
#include "gateway/keys/key_store.h"

namespace gateway::keys {

class StoreAccess {
 public:
  using Work = std::function<void(KeyStore& store)>;

  virtual ~StoreAccess() = default;

  // False: `work` did not run, because the process is about to end, or (changes) because another
  // process writes the ledger. Else it has, whenever this
  // comes back; it may refer to the caller's frame.
  virtual Awaitable<bool> change(Work work) = 0;
  virtual Awaitable<bool> read(Work work) = 0;
};

}  // namespace gateway::keys
