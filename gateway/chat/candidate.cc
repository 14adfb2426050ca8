#include "gateway/chat/candidate.h"

#include "providers/wire/json_text.h"

namespace gateway::chat {
namespace {

// The target with the upstream's model spelled out, where it is a pattern; a wildcard
// route may also have targets that are one model.
std::optional<config::Target> spelled_out(const config::Target& target, std::string_view rest) {
  const auto star = target.model.find('*');
  if (star == std::string::npos) return std::nullopt;
  config::Target out = target;
  out.model.replace(star, 1, rest);
  out.quoted_model = providers::quoted(out.model);
  return out;
}

}  // namespace

std::vector<std::string> allowed_models(providers::JsonWorkspace& json,
                                        const providers::ChatRequest& chat, const VirtualKey& key) {
  auto models = providers::listed_models(json, chat);
  std::erase_if(models, [&](const std::string& model) { return !key.allows(model); });
  return models;
}

Candidate::Candidate(const RouteTarget& target, std::string_view rest,
                     const providers::ChatRequest& chat, providers::JsonWorkspace& json,
                     const VirtualKey& caller, const std::vector<std::string>& fallbacks)
    : adapter_(*target.adapter),
      own_(spelled_out(target.target, rest)),
      call_{chat, own_ ? *own_ : target.target, json, caller.allow_upstream_extras, fallbacks} {}

}  // namespace gateway::chat
