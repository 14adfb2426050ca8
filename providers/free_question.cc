#include <utility>

#include <fmt/format.h>

#include "providers/adapter.h"

namespace providers {
namespace {

using config::ErrorCode;
using config::FreeQuestion;

enum Status {
  ok = 200,
  redirects = 300,
  unauthorized = 401,
  payment = 402,
  forbidden = 403,
};

constexpr std::pair<std::string_view, FreeQuestion> kQuestions[] = {
    {"models", FreeQuestion::models}, {"health", FreeQuestion::health}, {"key", FreeQuestion::key}};

}  // namespace

std::optional<UpstreamRequest> Adapter::free_question(const config::Target& target,
                                                      FreeQuestion question) const {
  if (question != FreeQuestion::models) return std::nullopt;
  return lookup(target, "/models");
}

config::Result<void> Adapter::read_free_answer(FreeQuestion question, int status,
                                               std::string_view /*body*/) const {
  if (status >= ok && status < redirects) return {};
  auto code = ErrorCode::upstream_unavailable;
  if (question == FreeQuestion::key) {
    if (status == unauthorized || status == forbidden) code = ErrorCode::upstream_denied;
    if (status == payment) code = ErrorCode::upstream_no_credit;
  }
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
