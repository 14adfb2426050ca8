#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "gateway/async.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/upstream/exchange.h"
#include "gateway/upstream/pool.h"
#include "providers/model_list.h"
#include "providers/registry.h"

namespace gateway::cli {
namespace {

using Offers = config::Result<std::vector<providers::OfferedModel>>;

// The largest lists seen are about a megabyte.
constexpr std::size_t kMaxList = 32 * 1024 * 1024;

// One target stands for its provider: address and key are the same for all.
struct Asked {
  const config::Target* target = nullptr;
  std::set<std::string, std::less<>> routed;  // upstream ids that some route leads to
};

std::map<std::string, Asked> providers_in_use(const config::Config& config) {
  std::map<std::string, Asked> asked;
  for (const config::Model& model : config.models) {
    for (const config::Target& target : model.targets) {
      Asked& provider = asked[target.provider.str()];
      if (provider.target == nullptr) provider.target = &target;
      provider.routed.insert(target.model);
    }
  }
  return asked;
}

Awaitable<Offers> offers_of(upstream::Pools& pools, const config::Target& target) {
  const auto request = providers::find_adapter(target.kind)->lookup(target, "/models");
  upstream::Exchange exchange(pools, target);
  auto head = co_await exchange.start(request);
  if (!head) co_return std::move(head).error();
  auto body = co_await exchange.read_all(kMaxList);
  if (!body) co_return std::move(body).error();
  if (head->status != 200) {
    co_return config::failure(config::ErrorCode::upstream_denied, "The list was refused.",
                              fmt::format("GET {} answered {}", request.path, head->status));
  }
  co_return providers::read_model_list(*body);
}

std::string per_million(const std::optional<config::PicoUsdPerToken>& price) {
  constexpr std::int64_t kTokens = 1'000'000;
  const auto cost = price ? config::checked_cost(kTokens, *price) : std::nullopt;
  return cost ? config::to_usd(*cost) : "-";
}

void print(const std::string& provider, const Asked& asked,
           const std::vector<providers::OfferedModel>& models) {
  fmt::print("{}: {} models\n", provider, models.size());
  for (const auto& model : models) {
    fmt::print("  {} {:<48} {:>10}  {:>10} {:>10}\n", asked.routed.contains(model.id) ? '*' : ' ',
               model.id, model.context_length > 0 ? std::to_string(model.context_length) : "-",
               per_million(model.input), per_million(model.output));
  }
}

// The exit status: 1 where one refused.
Awaitable<int> ask_all(upstream::Pools& pools, const std::map<std::string, Asked>& asked) {
  int status = 0;
  for (const auto& [name, provider] : asked) {
    const auto offers = co_await offers_of(pools, *provider.target);
    if (offers) {
      print(name, provider, *offers);
      continue;
    }
    fmt::print(stderr, "{}: {} ({})\n", name, offers.error().message, offers.error().detail);
    status = 1;
  }
  co_return status;
}

}  // namespace

int models(const std::string& config_path) {
  const auto snapshot = load_snapshot(config_path);
  if (!snapshot) return 2;
  const auto asked = providers_in_use((*snapshot)->config());
  net::io_context io{1};
  const config::SystemClock clock;
  Deadlines deadlines(io, clock);
  upstream::Pools pools(io, deadlines, clock);
  int status = 0;
  net::co_spawn(io, ask_all(pools, asked), [&](const std::exception_ptr& failure, int told) {
    io.stop();
    if (failure) std::rethrow_exception(failure);
    status = told;
  });
  fmt::print("  * has a route {:<36} {:>10}  {:>10} {:>10}\n", "", "context", "USD/1M in", "out");
  io.run();
  return status;
}

}  // namespace gateway::cli
