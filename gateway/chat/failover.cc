#include "gateway/chat/failover.h"

#include <utility>

#include <fmt/format.h>

#include "gateway/chat/attempt.h"
#include "gateway/chat/candidate.h"
#include "gateway/chat/circuit.h"
#include "gateway/chat/failures.h"
#include "gateway/chat/key_choice.h"
#include "gateway/chat/pause.h"
#include "gateway/chat/rescue.h"
#include "gateway/chat/retry.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/chat/target_order.h"
#include "gateway/chat/turns.h"
#include "gateway/http/refusals.h"

namespace gateway::chat {
namespace {

config::Error not_offered(const config::Model& model) {
  return config::invalid_request(
      fmt::format("The model '{}' is not offered on this endpoint.", model.name.view()), "model");
}

}  // namespace

Awaitable<config::Result<void>> ask_targets(Worker& worker, const Asked& asked,
                                            const Choice& choice, const http::Request& request,
                                            http::Reply& reply, Meter& meter,
                                            Explanation& explanation) {
  const config::Model& model = *asked.match.route->model;
  const config::Server& server = asked.snapshot->config().server;
  const auto fallbacks = allowed_models(worker.json(), asked.chat, *request.caller);
  const auto order = target_order(*asked.match.route, choice, asked.routing.only);
  const auto deadline = meter.now() + model.deadline.value_or(server.deadline);
  SignsOfLife signs(reply, meter, server.sign_of_life);
  Rescue rescue(model, asked.chat, order, meter);
  Failures failures(explanation);
  const Asker asker{*asked.snapshot, *request.caller, model,       reply,   meter,
                    signs,           rescue,          explanation, deadline};
  Turns turns(order);
  while (const auto turn = turns.next()) {
    if (meter.now() >= deadline) break;
    const providers::ChatRequest* chat = &asked.chat;
    if (rescue.needed()) {
      // The client's own request was taken, so that whatever the last one refused, the next may
      // not.
      chat = rescue.request_for(turn->target->target, worker.json());
      if (chat == nullptr) {
        explanation.cannot_go_on(turn->target->target.name.view(), rescue.why());
        continue;
      }
    } else if (!failures.leave_a_chance(turn->target->target)) {
      continue;
    }
    if (turn->is_repetition()) {
      if (!turn->budget->take(meter.now(), turn->target->target.retries)) continue;
      auto waited = co_await pause(worker, asker, asked.chat.stream, turn->at);
      if (!waited) co_return waited;
    }
    if (reply.hurried()) co_return http::gateway_leaves();

    Candidate candidate(*turn->target, asked.match.rest, *chat, worker.json(), *request.caller,
                        fallbacks);
    const config::Target& target = candidate.target();
    Circuit circuit(worker.breakers(), target, candidate.from_pattern(), worker.clock());
    if (!circuit.allows()) {
      failures.rests(candidate.name(), circuit.refusal());
      continue;
    }
    KeyChoice key(circuit, target, worker.clock());
    if (!key.found()) {
      failures.without_key(candidate.name(), key.refusal());
      continue;
    }
    candidate.ask_with(key.key(), key.told());
    if (!failures.any()) circuit.asked();
    auto done = co_await attempt(worker, asker, candidate, circuit);
    const bool next_key = key.next_is_up(done) && turn->keys <= target.further_keys.size();
    // A target that got only what others had left of the time shows nothing by not being done.
    if (!next_key && (!failures.any() || meter.now() < deadline)) circuit.judge(done);
    rescue.asked(done);
    if (done || (meter.content_shown() && !rescue.needed())) co_return done;

    failures.failed(turn->target->target, std::move(done).error());
    if (next_key) {
      turns.with_next_key(*turn);
      continue;
    }
    const auto at = again_at(failures.last(), target.retries, turn->retries, meter.now(), deadline,
                             worker.random());
    if (!at || circuit.open_at(*at) || circuit.retries() == nullptr) continue;
    turns.again(*turn, *at, *circuit.retries());
    rescue.comes_again(target);
  }
  if (rescue.needed()) co_return rescue.why();
  if (auto told = failures.told()) co_return *std::move(told);
  co_return not_offered(model);
}

}  // namespace gateway::chat
