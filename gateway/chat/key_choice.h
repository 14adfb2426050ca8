#pragma once
// Which of its provider's keys a target is asked with, and what the answer tells of that key: the
// first that does not rest. On the request's frame; its worker's thread. A target with one key has
// nothing to choose, and its breaker hears of everything.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/chat/circuit.h"

namespace gateway::chat {

class KeyChoice {
 public:
  // All outlive this.
  KeyChoice(Circuit& circuit, const config::Target& target, const config::Clock& clock);
  // What nobody judged tells nothing.
  ~KeyChoice();
  KeyChoice(const KeyChoice&) = delete;
  KeyChoice& operator=(const KeyChoice&) = delete;

  bool found() const { return position_ < keys(); }
  // Where none is found: what the one that wakes first was refused for, and when that is.
  config::Error refusal() const;

  const config::Secret& key() const { return key_at(position_); }
  // From 1, in the operator's order; 0: there is one key.
  int told() const { return keys() > 1 ? static_cast<int>(position_) + 1 : 0; }

  // How the attempt ended: where the key is to blame it rests. True: another one is to be asked
  // with at once, and the target is not to blame. Where none is left, `done` says when one is.
  bool next_is_up(config::Result<void>& done);

 private:
  std::size_t keys() const { return target_.further_keys.size() + 1; }
  const config::Secret& key_at(std::size_t position) const;
  config::Error none_left(config::Error last) const;
  // How long an error makes a key rest; zero: the key is not to blame.
  std::chrono::milliseconds rest_for(const config::Error& error) const;

  Circuit& circuit_;
  const config::Target& target_;
  const config::Clock& clock_;
  std::size_t position_ = 0;
  std::optional<std::uint64_t> trial_;  // while it has told nothing yet
};

}  // namespace gateway::chat
