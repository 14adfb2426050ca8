#include "gateway/chat/candidate.h"

#include <fmt/format.h>

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

// For routes that would rather refuse than answer a little differently.
config::Error refused_instead_of_dropped(const std::string& param, const config::Target& target) {
  return config::unsupported_parameter(
      fmt::format(
          "'{}' is not supported by the model {} and this route drops nothing; leave it out.",
          param, target.model),
      param);
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
                     const VirtualKey& caller, const std::vector<std::string>& fallbacks,
                     const providers::Cost* spent)
    : configured_(target),
      adapter_(*target.adapter),
      own_(spelled_out(target.target, rest)),
      call_{.chat = chat,
            .target = own_ ? *own_ : target.target,
            .json = json,
            .allow_upstream_extras = caller.allow_upstream_extras,
            .allowed_models = fallbacks,
            .spent = spent} {}

config::Result<providers::UpstreamRequest> Candidate::encode(const config::Model& model) const {
  auto request = adapter_.encode(call_);
  if (request && model.unsupported_params == config::UnsupportedParams::reject &&
      !request->dropped.empty()) {
    return refused_instead_of_dropped(request->dropped.front(), call_.target);
  }
  return request;
}

}  // namespace gateway::chat
