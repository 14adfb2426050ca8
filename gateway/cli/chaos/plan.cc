#include "gateway/cli/chaos/plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gateway/chat/target_order.h"
#include "providers/wire/json_text.h"

namespace gateway::cli::chaos {
namespace {

using providers::Operation;
using std::chrono::milliseconds;

Operation operation_of(const Route& route) {
  for (const Operation operation : {Operation::chat, Operation::completions}) {
    for (const RouteTarget& target : route.targets) {
      if (chat::serves(target.target.can, operation)) return operation;
    }
  }
  return Operation::embeddings;
}

// The longest that a client waits for a target that says nothing, before somebody else is asked. (A
// hedge by p95 is none before it has seen twenty answers.)
milliseconds patience_with(const config::Target& target, const config::Model& model,
                           const Trial& trial) {
  if (!takes_the_limit(trial.failure->manner)) return {};
  const config::Timeouts& limits = target.timeouts;
  const bool begun = after_content(trial.failure->manner);
  milliseconds out = trial.streamed ? limits.first_byte : limits.whole_answer;
  if (begun) out = limits.idle;
  if (limits.attempt > milliseconds(0)) out = std::min(out, limits.attempt);
  const bool hedged = !begun && trial.others > 0 && model.hedge.after > milliseconds(0);
  return hedged ? std::min(out, model.hedge.after) : out;
}

void shorten(config::Timeouts& limits) {
  for (auto* limit : {&limits.connect, &limits.tls, &limits.first_byte, &limits.first_content,
                      &limits.whole_answer, &limits.idle}) {
    *limit = std::min(*limit, kLongestLimit);
  }
  if (limits.attempt > kLongestLimit) limits.attempt = kLongestLimit;
}

class Planner {
 public:
  // `deadline`: of the operator's routes that have none of their own.
  Planner(const Upstream& upstream, milliseconds deadline, Plan& out)
      : upstream_(upstream), deadline_(deadline), out_(out) {}

  void add(const Route& route) {
    const Operation operation = operation_of(route);
    std::vector<const RouteTarget*> asked;
    for (const RouteTarget& target : route.targets) {
      if (chat::serves(target.target.can, operation)) asked.push_back(&target);
    }
    // Where any may be asked first, each of them fails in turn.
    const bool first_only = route.model->order == config::Order::in_order;
    for (const RouteTarget* failing : asked) {
      if (first_only && failing != asked.front()) continue;
      for (const Failure& failure : failures()) {
        for (const bool streamed : {true, false}) {
          if (streamed ? for_whole_only(failure.manner) : for_streams_only(failure.manner))
            continue;
          if (streamed && operation == Operation::embeddings) continue;
          Trial trial;
          trial.failure = &failure;
          trial.streamed = streamed;
          trial.operation = operation;
          trial.route = route.model->name.str();
          trial.failing = failing->target.name.str();
          trial.others = static_cast<int>(asked.size()) - 1;
          trial.rescued = route.model->rescue != config::Rescue::off;
          trial.limit = patience_with(failing->target, *route.model, trial);
          add(std::move(trial), route, *failing);
        }
      }
    }
  }

 private:
  void add(Trial trial, const Route& route, const RouteTarget& failing) {
    const std::size_t number = out_.trials.size() + 1;
    trial.model = fmt::format("drill-{}", number);
    config::Model model = *route.model;
    model.name = config::ModelName(trial.model);
    model.aliases.clear();
    model.targets.clear();
    model.deadline = route.model->deadline.value_or(deadline_);
    // Where it passes first, it does so in the drill too.
    const bool too_late = trial.limit >= *model.deadline;
    if (too_late) {
      trial.limit = *model.deadline;
      model.deadline = std::min(*model.deadline, kLongestLimit);
    }
    for (const RouteTarget& target : route.targets) {
      const bool fails = &target == &failing;
      model.targets.push_back(stand_in(target.target, fails ? trial.failure : nullptr, number));
      if (fails && !too_late) shorten(model.targets.back().timeouts);
    }
    out_.config.models.push_back(std::move(model));
    out_.trials.push_back(std::move(trial));
  }

  config::Target stand_in(config::Target target, const Failure* failure, std::size_t number) const {
    // A name of its own in each trial, so that none finds a target left alone for what failed in
    // another.
    target.name = config::TargetName(fmt::format("{}#{}", target.name.view(), number));
    if (const auto star = target.model.find('*'); star != std::string::npos) {
      target.model.replace(star, 1, "drill");
      target.quoted_model = providers::quoted(target.model);
    }
    target.base_url = upstream_.instead_of(target.base_url, failure);
    target.api_key = config::Secret("sk-drill");
    target.further_keys.clear();
    target.proxy = {};
    target.probe = {};
    target.ca_file.clear();
    target.crl_file.clear();
    target.extra_headers.clear();
    target.simulated = true;
    return target;
  }

  const Upstream& upstream_;
  const milliseconds deadline_;
  Plan& out_;
};

bool asked_for(const std::vector<std::string>& only, const Route& route) {
  return only.empty() || std::ranges::find(only, route.model->name.str()) != only.end();
}

}  // namespace

Plan plan(const Snapshot& operators, const std::vector<std::string>& only, const Upstream& upstream,
          const std::string& key, const std::string& folder) {
  Plan out;
  config::Config& config = out.config;
  config.server.listen = {"127.0.0.1", 0};
  config.server.workers = 1;
  config.admin.listen = {"127.0.0.1", 0};
  config.admin.token_file = folder + "/admin.token";
  config.log.file = folder + "/log";
  config.ledger.database = folder + "/ledger.db";
  config.ledger.journal = folder + "/journal";
  config.ledger.reconcile.every = {};
  config::Key caller;
  caller.name = config::KeyName("drill");
  caller.sha256 = config::sha256(key);
  config.keys.push_back(std::move(caller));

  Planner planner(upstream, operators.config().server.deadline, out);
  for (const Route& route : operators.routes().routes()) {
    if (asked_for(only, route)) planner.add(route);
  }
  return out;
}

std::string operators_name(const config::TargetName& target) {
  return target.str().substr(0, target.str().rfind('#'));
}

}  // namespace gateway::cli::chaos
