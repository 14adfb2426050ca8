#include "gateway/chat/failover.h"

#include <chrono>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "gateway/chat/candidate.h"
#include "gateway/chat/circuit.h"
#include "gateway/chat/key_choice.h"
#include "gateway/chat/pause.h"
#include "gateway/chat/retry.h"
#include "gateway/chat/target_order.h"
#include "gateway/http/refusals.h"

namespace gateway::chat {

using config::Result;

namespace {

config::Error not_offered(const config::Model& model) {
  return config::invalid_request(
      fmt::format("The model '{}' is not offered on this endpoint.", model.name.view()), "model");
}

// Wrong for every target: what runs beside the first would be told the same. (A longer window may
// do, and an answer may be read to its end for a client that left.)
bool is_wrong_everywhere(const config::Error& error) {
  return error.fault() == config::Fault::client && !error.another_target_may_try() &&
         error.code != config::ErrorCode::context_length &&
         error.code != config::ErrorCode::client_left;
}

}  // namespace

Failover::Failover(Worker& worker, const Asked& asked, const Choice& choice,
                   const http::Request& request, http::Reply& reply, Meter& meter,
                   Explanation& explanation)
    : worker_(worker),
      asked_(asked),
      model_(*asked.match.route->model),
      caller_(*request.caller),
      reply_(reply),
      meter_(meter),
      explanation_(explanation),
      fallbacks_(allowed_models(worker.json(), asked.chat, caller_)),
      order_(target_order(*asked.match.route, choice, asked.routing.only)),
      turns_(order_),
      signs_(reply, meter, asked.snapshot->config().server.sign_of_life),
      rescue_(model_, asked.chat, order_, meter),
      contest_(worker.pools().executor()),
      failures_(explanation),
      asker_{*asked.snapshot,
             caller_,
             model_,
             reply,
             meter,
             signs_,
             contest_,
             rescue_,
             explanation,
             meter.now() + model_.deadline.value_or(asked.snapshot->config().server.deadline),
             model_.deadline.value_or(asked.snapshot->config().server.deadline)} {}

Awaitable<Result<void>> Failover::run() {
  std::exception_ptr thrown;
  try {
    co_await ask_in_turn();
  } catch (...) {
    // What runs beside it looks at this object, and has to end first.
    thrown = std::current_exception();
    contest_.call_off();
  }
  if (hedge_) co_await hedge_->ended();
  if (thrown) std::rethrow_exception(thrown);

  if (done_) co_return *std::move(done_);
  if (hedge_ && hedge_->thrown()) std::rethrow_exception(hedge_->thrown());
  if (rescue_.needed()) co_return rescue_.why();
  if (auto told = failures_.told()) co_return *std::move(told);
  co_return not_offered(model_);
}

Awaitable<> Failover::ask_in_turn() {
  while (!done_ && meter_.now() < asker_.deadline) {
    const auto turn = turns_.next();
    if (!turn) break;
    const auto* chat = request_for(turn->target->target);
    if (chat == nullptr) continue;
    if (turn->is_repetition()) {
      const bool may = co_await may_repeat(*turn);
      if (!may) continue;
    }
    if (!failures_.any()) arm_hedge(*turn->target);
    const Came came = co_await ask(*turn, *chat);
    // Its next key is asked with as soon as one is refused: nobody beside it is waited for.
    if (came == Came::key_refused) continue;
    if (came == Came::failed && is_wrong_everywhere(failures_.last())) contest_.call_off();
    if (hedge_) co_await hedge_->ended();
  }
  if (!done_ && meter_.now() >= asker_.deadline) explanation_.nobody_else("deadline");
}

// The first one has shown nothing for too long.
Awaitable<> Failover::ask_beside() {
  if (done_ || contest_.decided() || reply_.hurried() || signs_.silenced()) co_return;
  if (!may_hedge()) co_return meter_.hedge("withheld");
  rescue_.comes_again(hedged_->target);
  Came came = Came::not_asked;
  const auto goes_on = [&] { return came == Came::not_asked || came == Came::key_refused; };
  while (goes_on() && meter_.now() < asker_.deadline) {
    const auto turn = turns_.beside();
    if (!turn) co_return;
    const auto* chat = request_for(turn->target->target);
    if (chat != nullptr) came = co_await ask(*turn, *chat);
  }
  if (came == Came::answered) meter_.hedge("won");
  if (came == Came::outpaced) meter_.hedge("lost");
  if (came == Came::failed) meter_.hedge("failed");
}

void Failover::arm_hedge(const RouteTarget& first) {
  if (!model_.hedge.on || !turns_.others()) return;
  std::chrono::milliseconds after = model_.hedge.after;
  if (after == std::chrono::milliseconds(0)) {
    auto& latency = worker_.latencies().find_or_make(first.target.name.view());
    const auto p95 = latency.of(asked_.chat.stream).p95.seen();
    if (!p95) return;
    after = std::chrono::ceil<std::chrono::milliseconds>(*p95);
  }
  hedged_ = &first;
  hedge_.emplace(worker_.pools().executor(), worker_.deadlines(), after,
                 [this] { return ask_beside(); });
}

bool Failover::may_hedge() {
  const Candidate first(*hedged_, asked_.match.rest, asked_.chat, worker_.json(), caller_,
                        fallbacks_);
  return may_be_hedged(worker_.breakers(), first.target(), first.from_pattern(), meter_.now());
}

const providers::ChatRequest* Failover::request_for(const config::Target& target) {
  if (!rescue_.needed()) return failures_.leave_a_chance(target) ? &asked_.chat : nullptr;
  // The client's own request was taken, so that whatever the last one refused, the next may not.
  const auto* chat = rescue_.request_for(target, worker_.json());
  if (chat == nullptr) explanation_.cannot_go_on(target.name.view(), rescue_.why());
  return chat;
}

Awaitable<bool> Failover::may_repeat(const Turn& turn) {
  const config::Retries& settings = turn.target->target.retries;
  if (!turn.budget->take(meter_.now(), {settings.share, settings.floor})) co_return false;
  auto waited = co_await pause(worker_, asker_, asked_.chat.stream, turn.at);
  if (!waited) done_ = waited;
  co_return waited.has_value();
}

Awaitable<Failover::Came> Failover::ask(Turn turn, const providers::ChatRequest& chat) {
  const config::Target& configured = turn.target->target;
  if (reply_.hurried()) {
    done_ = http::gateway_leaves();
    co_return Came::not_asked;
  }

  Candidate candidate(*turn.target, asked_.match.rest, chat, worker_.json(), caller_, fallbacks_,
                      &meter_.spent());
  const config::Target& target = candidate.target();
  Circuit circuit(worker_.breakers(), target, candidate.from_pattern(), worker_.clock());
  if (!circuit.allows()) {
    meter_.turned_away(circuit.name());
    failures_.rests(candidate.name(), circuit.held(), circuit.refusal());
    co_return Came::not_asked;
  }
  KeyChoice key(circuit, target, worker_.clock());
  if (!key.found()) {
    meter_.turned_away(circuit.name());
    failures_.without_key(candidate.name(), key.refusal());
    co_return Came::not_asked;
  }
  candidate.ask_with(key.key(), key.told());
  const bool has_all_the_time = !failures_.any();
  if (has_all_the_time) circuit.asked();
  auto done = co_await attempt(worker_, asker_, candidate, circuit);
  if (!done && done.error().code == config::ErrorCode::outpaced) {
    const bool was_waited_for = turn.target == hedged_ && has_all_the_time;
    if (was_waited_for && contest_.decided()) circuit.judge(done);
    turns_.outpaced(turn);
    co_return Came::outpaced;
  }

  const bool next_key = key.next_is_up(done) && turn.keys <= target.further_keys.size();
  // A target that got only what others had left of the time shows nothing by not being done.
  if (!next_key && (has_all_the_time || meter_.now() < asker_.deadline)) circuit.judge(done);
  rescue_.asked(done);
  if (done || (meter_.content_shown() && !rescue_.needed())) {
    if (!done) explanation_.nobody_else("content_shown");
    done_ = std::move(done);
    co_return Came::answered;
  }

  failures_.failed(configured, std::move(done).error());
  if (next_key) {
    turns_.with_next_key(turn);
    co_return Came::key_refused;
  }
  const auto at = again_at(failures_.last(), target.retries, turn.retries, meter_.now(),
                           asker_.deadline, worker_.random());
  if (at && !circuit.open_at(*at) && circuit.retries() != nullptr) {
    turns_.again(turn, *at, *circuit.retries());
    rescue_.comes_again(target);
  }
  co_return Came::failed;
}

}  // namespace gateway::chat
