#pragma once
// The stored keys as requests meet them. Knows which secrets of the table are whose, so that a
// change to one key touches nothing of the others. The control thread's; the tables it makes
// are any thread's.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/keys/key_store.h"
#include "gateway/keys/stored_key.h"
#include "gateway/limits/limiter.h"
#include "gateway/virtual_keys.h"

namespace gateway::keys {

class LiveKeys {
 public:
  // They count in the accounts of `limiter`, which outlives them; nullptr: in none.
  explicit LiveKeys(const std::vector<StoredKey>& keys, limits::Limiter* limiter = nullptr);

  // The key with this id as requests meet it; nullptr: there is none.
  std::shared_ptr<const VirtualKey> find(const std::string& id) const;
  void for_each(const std::function<void(const VirtualKey& key)>& look) const;

  // All of them, for a table that begins with another configuration's.
  std::vector<KeyTable::Secret> secrets() const;

  // `table` with this key as it is now, in place of what it was. Its last use stays.
  KeyTable with(const KeyTable& table, const StoredKey& key);
  KeyTable without(const KeyTable& table, const std::string& id);

  // By id; nullopt: not since it was read, or no such key.
  std::optional<config::Clock::Wall> last_use(const std::string& id) const;
  // Those used since the last call: to be written down.
  std::vector<KeyStore::Use> new_uses();

 private:
  struct Live {
    std::shared_ptr<const VirtualKey> key;
    std::vector<KeyTable::Secret> secrets;
    std::shared_ptr<LastUse> last_use;
    std::optional<config::Clock::Wall> written_down;
    bool told_of_tags = false;  // that are none
  };
  void compile(const StoredKey& key, Live& live) const;
  static Tags tags_of(const StoredKey& key, Live& live);

  limits::Limiter* limiter_;
  std::unordered_map<std::string, Live> by_id_;
};

}  // namespace gateway::keys
