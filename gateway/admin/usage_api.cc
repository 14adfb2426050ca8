#include "gateway/admin/usage_api.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "config/base/utf8.h"
#include "gateway/ledger/usage_text.h"

namespace gateway::admin {
namespace {

using config::Result;

Result<std::string> decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto plain = http::percent_decoded(spaced);
  if (!plain || config::find_invalid_utf8(*plain) != plain->size()) {
    return config::invalid_request("The query is not properly percent-encoded text.");
  }
  return *std::move(plain);
}

Awaitable<Result<Answer>> answer(const UsageSource& source, const Call& call) {
  auto parameters = parameters_of(call.query);
  if (!parameters) co_return std::move(parameters).error();
  std::function<Result<UsageAnswer>()> work = [parameters = *std::move(parameters),
                                               now = source.clock.wall(), lag = source.lag_ms(),
                                               database = source.database, zone = source.zone] {
    return usage_answer(database, parameters, now, zone, lag);
  };
  auto told = co_await source.queries.ask<UsageAnswer>(std::move(work));
  if (!told) co_return std::move(told).error();
  const bool csv = told->content_type.starts_with("text/csv");
  Answer out{200, std::move(told->body),
             csv ? std::string_view("text/csv; charset=utf-8") : "application/json"};
  co_return out;
}

}  // namespace

Result<std::vector<Parameter>> parameters_of(std::string_view query) {
  std::vector<Parameter> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    if (!name) return std::move(name).error();
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return std::move(value).error();
    // A time's offset that was typed as it is: no other blank can stand in one.
    if (*name == "since" || *name == "until") std::replace(value->begin(), value->end(), ' ', '+');
    out.emplace_back(*std::move(name), *std::move(value));
  }
  return out;
}

Handle usage_handle(UsageSource source) {
  const auto shared = std::make_shared<const UsageSource>(std::move(source));
  return [shared](const Call& call) { return answer(*shared, call); };
}

}  // namespace gateway::admin
