#include "gateway/keys/live_keys.h"

#include <utility>

#include "gateway/log.h"

namespace gateway::keys {

LiveKeys::LiveKeys(const std::vector<StoredKey>& keys, limits::Limiter* limiter)
    : limiter_(limiter) {
  by_id_.reserve(keys.size());
  for (const StoredKey& key : keys) {
    Live live;
    live.last_use = std::make_shared<LastUse>();
    compile(key, live);
    by_id_.emplace(key.id, std::move(live));
  }
}

std::shared_ptr<const VirtualKey> LiveKeys::find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.key;
}

void LiveKeys::for_each(const std::function<void(const VirtualKey& key)>& look) const {
  for (const auto& [id, live] : by_id_) look(*live.key);
}

std::vector<KeyTable::Secret> LiveKeys::secrets() const {
  std::vector<KeyTable::Secret> all;
  all.reserve(by_id_.size());
  for (const auto& [id, live] : by_id_) {
    all.insert(all.end(), live.secrets.begin(), live.secrets.end());
  }
  return all;
}

KeyTable LiveKeys::with(const KeyTable& table, const StoredKey& key) {
  Live& live = by_id_[key.id];
  if (!live.last_use) live.last_use = std::make_shared<LastUse>();
  const auto before = std::exchange(live.secrets, {});
  compile(key, live);
  return table.with(before, live.secrets);
}

KeyTable LiveKeys::without(const KeyTable& table, const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return table;
  auto out = table.with(found->second.secrets, {});
  by_id_.erase(found);
  return out;
}

std::optional<config::Clock::Wall> LiveKeys::last_use(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : found->second.last_use->at();
}

std::vector<KeyStore::Use> LiveKeys::new_uses() {
  std::vector<KeyStore::Use> uses;
  for (auto& [id, live] : by_id_) {
    const auto at = live.last_use->at();
    if (at == live.written_down) continue;
    live.written_down = at;
    if (at) uses.emplace_back(id, *at);
  }
  return uses;
}

void LiveKeys::compile(const StoredKey& key, Live& live) const {
  VirtualKey made;
  made.name = config::KeyName(key.name);
  made.team = config::TeamName(key.settings.team);
  made.allow_upstream_extras = key.settings.allow_upstream_extras;
  made.allow_routing_override = key.settings.allow_routing_override;
  made.models = key.settings.models;
  made.tags = tags_of(key, live);
  made.limits = key.settings.limits;
  made.not_before = key.settings.not_before;
  made.expires_at = key.settings.expires_at;
  made.enabled = key.enabled;
  made.last_use = live.last_use;
  if (limiter_ != nullptr) made.payers = limiter_->payers(made.name, made.team);
  live.key = std::make_shared<const VirtualKey>(std::move(made));
  for (const SecretDigest& secret : key.secrets) {
    live.secrets.push_back({secret.digest, secret.until, live.key});
  }
}

// Another version may have kept what is no tag to this one.
Tags LiveKeys::tags_of(const StoredKey& key, Live& live) {
  Tags tags;
  std::string unread;
  for (const std::string& word : key.settings.tags) {
    if (auto tag = read_tag(word)) {
      tags = united(tags, {*std::move(tag)});
    } else {
      unread.append(unread.empty() ? "" : ", ").append(word);
    }
  }
  if (!unread.empty() && !std::exchange(live.told_of_tags, true)) {
    log::warn("a key has tags that cannot be read; they label none of its requests",
              {{"key", key.name}, {"tags", unread}});
  }
  return tags;
}

}  // namespace gateway::keys
