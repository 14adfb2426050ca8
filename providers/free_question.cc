#include <utility>

#include <fmt/format.h>

#include "providers/adapter.h"

namespace providers {
namespace {

using config::ErrorCode;
using config::FreeQuestion;

constexpr std::pair<std::string_view, FreeQuestion> kQuestions[] = {
    {"models", FreeQuestion::models}, {"health", FreeQuestion::health}, {"key", FreeQuestion::key}};

ErrorCode code_of_key_state(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::upstream_denied;
    case 402:
      return ErrorCode::upstream_no_credit;
    default:
      return ErrorCode::upstream_unavailable;
  }
}

}  // namespace

std::optional<UpstreamRequest> Adapter::free_question(const config::Target& target,
                                                      FreeQuestion question) const {
  if (question != FreeQuestion::models) return std::nullopt;
  return lookup(target, "/models");
}

config::Result<void> Adapter::read_free_answer(FreeQuestion question, int status,
                                               std::string_view /*body*/) const {
  if (status >= 200 && status < 300) return {};
  const auto code =
      question == FreeQuestion::key ? code_of_key_state(status) : ErrorCode::upstream_unavailable;
  return config::failure(code, "The upstream is not back.", fmt::format("it answers {}", status));
}

std::string why_not_asked(const Adapter& adapter, const config::Provider& provider) {
  config::Target target;
  target.base_url = provider.base_url;
  if (adapter.free_question(target, provider.probe.ask)) return {};
  std::string_view asked;
  std::string known = "off";
  for (const auto& [word, question] : kQuestions) {
    if (question == provider.probe.ask) asked = word;
    if (adapter.free_question(target, question)) known += fmt::format(", {}", word);
  }
  return fmt::format("kind {} has no question {} that costs nothing; say one of {}", provider.kind,
                     asked, known);
}

}  // namespace providers
