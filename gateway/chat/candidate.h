#pragma once
// A request as one of its route's targets would be asked it. On the request's frame; its
// worker's thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/routing_table.h"
#include "gateway/virtual_keys.h"
#include "providers/adapter.h"

namespace gateway::chat {

// Of the models a request lets its upstream fall back to, those that its key may use;
// adapters refuse the others.
std::vector<std::string> allowed_models(providers::JsonWorkspace& json,
                                        const providers::ChatRequest& chat, const VirtualKey& key);

class Candidate {
 public:
  // `rest`: what the model's wildcard stood for. `spent`: by the request's other attempts. All
  // outlive this.
  Candidate(const RouteTarget& target, std::string_view rest, const providers::ChatRequest& chat,
            providers::JsonWorkspace& json, const VirtualKey& caller,
            const std::vector<std::string>& fallbacks, const providers::Cost* spent = nullptr);
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  const providers::Adapter& adapter() const { return adapter_; }
  const config::Target& target() const { return call_.target; }
  const providers::Call& call() const { return call_; }
  // Asks with another key than the target's first; `position` is what is told of it.
  void ask_with(const config::Secret& key, int position) {
    call_.key = &key;
    key_position_ = position;
  }
  int key_position() const { return key_position_; }
  // As configured, a pattern's too; lasts as long as the route.
  std::string_view name() const { return configured_.target.name.view(); }
  // The configured target is a pattern, and clients say what it stands for.
  bool from_pattern() const { return own_.has_value(); }

  // The request to send, or why this target cannot serve it. (A model may rather refuse than
  // answer a little differently.)
  config::Result<providers::UpstreamRequest> encode(const config::Model& model) const;

 private:
  const RouteTarget& configured_;
  const providers::Adapter& adapter_;
  const std::optional<config::Target> own_;  // where the route's names a pattern
  providers::Call call_;
  int key_position_ = 0;
};

}  // namespace gateway::chat
