#include "gateway/chat/attempt.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include "gateway/chat/admission.h"
#include "gateway/chat/departure.h"
#include "gateway/chat/relay.h"
#include "gateway/chat/retry.h"
#include "gateway/chat/time_limit.h"
#include "gateway/http/refusals.h"
#include "gateway/log.h"
#include "gateway/upstream/exchange.h"

namespace gateway::chat {
namespace {

using config::ErrorCode;
using config::Result;

// Enough of a refusal to classify and quote it.
constexpr std::size_t kMaxErrorBody = 256 * 1024;

bool has_type(const providers::AnswerHead& head, std::string_view type) {
  return boost::beast::iequals(head.find("content-type").substr(0, type.size()), type);
}

// What was asked for is what came, unless it calls itself the other: some servers name no type,
// or a wrong one.
bool is_stream(const providers::UpstreamRequest& request, const providers::AnswerHead& head) {
  return request.streamed ? !has_type(head, "application/json")
                          : has_type(head, "text/event-stream");
}

// Why this target did not answer: another may, and then nothing else would tell. What is wrong with
// a request, or became of its client, is told with it.
void log_failure(const config::Error& error, const Candidate& candidate, const Meter& meter,
                 int number, int status, config::Clock::Steady began) {
  const bool of_the_request =
      error.fault() == config::Fault::client && !error.another_target_may_try();
  if (of_the_request || error.code == ErrorCode::outpaced) return;
  const config::Target& target = candidate.target();
  const std::chrono::duration<double, std::milli> took = meter.now() - began;
  const auto detail = log::detail_of(error.code, error.detail,
                                     {target.base_url.host, target.name.view(), target.model});
  log::info("attempt failed", {{"request", meter.summary().request},
                               {"attempt", number},
                               {"target", candidate.name()},
                               {"model", target.model},
                               {"status", status > 0 ? std::optional(status) : std::nullopt},
                               {"error", config::to_string(error.code)},
                               {"detail", detail},
                               {"ms", took.count()}});
}

}  // namespace

Awaitable<Result<void>> attempt(Worker& worker, const Asker& asker, const Candidate& candidate,
                                Circuit& circuit) {
  const providers::Adapter& adapter = candidate.adapter();
  const providers::Call& call = candidate.call();
  const providers::ChatRequest& chat = call.chat;
  const config::Target& target = call.target;
  Meter& meter = asker.meter;
  const auto refuse = [&](config::Error why) {
    asker.explanation.passed_over(candidate.name(), why);
    return why;
  };
  auto request = candidate.encode(asker.model);
  if (!request) co_return refuse(request.error());
  auto held = stake(worker.limiter(), asker.caller, call, asker.model, request->streamed,
                    asker.snapshot.config(), limits::Now::of(worker.clock()));
  if (!held) co_return refuse(held.error());

  AttemptPatience patience(asker.signs);
  upstream::Exchange exchange(worker.pools(), target, chat.stream ? &patience : nullptr);
  std::unique_ptr<providers::StreamDecoder> decoder;  // before the meter that watches it
  std::optional<AsStream> as_stream;                  // the same
  AttemptMeter settle(meter, target, chat, *std::move(held));
  settle.asked_with(candidate.key_position());
  if (auto begun = settle.begin(); !begun) co_return refuse(begun.error());
  ExplainedAttempt explained(asker.explanation, candidate.name(), exchange, settle, worker.clock());
  if (auto* latency = worker.latencies().find(target.name.view()); latency != nullptr) {
    settle.times(&latency->of(chat.stream));
  }
  Contest::Entry contest(asker.contest, exchange);
  if (worker.records().waits_for_disk()) {
    auto safe = co_await worker.records().on_disk();
    if (!safe) {
      settle.failed(safe.error(), false);
      explained.ended(safe);
      co_return safe;
    }
  }
  Departure departure(asker.reply, exchange, settle, asker.signs, worker.deadlines(),
                      worker.drains(), target.on_client_gone);
  const auto began = meter.now();
  const TimeLimit limit(worker.deadlines(), exchange, target, began, asker.deadline, asker.allowed);

  auto head = Result<providers::AnswerHead>(providers::AnswerHead{});
  {
    Waiting upstream(meter);
    head = co_await exchange.start(*request);
  }
  if (exchange.written()) settle.written();
  if (head) circuit.heard(head->status);

  Result<void> done;
  if (!head) {
    done = head.error();
  } else if (head->status < 200 || head->status > 299) {
    settle.refused_in_words();
    Waiting upstream(meter);
    auto body = co_await exchange.read_all(kMaxErrorBody);
    done = adapter.decode_error(call, *head, body ? *body : std::string_view{});
  } else {
    Delivery delivery{adapter,     call,      *head,   request->dropped, exchange,
                      asker.reply, meter,     settle,  asker.signs,      patience,
                      contest,     departure, circuit, explained,        asker.rescue.rest()};
    const bool stream = is_stream(*request, *head);
    if (stream && !request->streamed && chat.operation != providers::Operation::embeddings) {
      as_stream.emplace(adapter, call, *head);
      done = co_await relay_stream_as_whole(delivery, *as_stream);
    } else if (stream && request->streamed) {
      decoder = adapter.open_stream(call, *head);
      asker.rescue.watch(target, *decoder);
      done = co_await relay_stream(delivery, *decoder);
    } else {
      done = co_await relay_whole(delivery);
    }
  }
  if (!done && departure.client_left()) {
    done = config::failure(ErrorCode::client_left, "The client left before the answer was whole.",
                           done.error().detail);
  } else if (!done && departure.hurried()) {
    done = http::gateway_leaves();
  } else if (!done && contest.lost()) {
    done = outpaced();
  } else if (!done && limit.passed()) {
    done = limit.error();
  }
  if (!done) {
    const Ending ending{head ? head->status : 0, settle.was_refused_in_words()};
    config::Error why = std::move(done).error();
    why.same_target_may_try = !settle.content_flowed() && may_help_again(why.code, ending);
    settle.failed(why, settle.content_flowed());
    if (decoder && settle.content_flowed()) asker.rescue.broke_off(why, *decoder);
    done = std::move(why);
  }
  explained.ended(done);
  if (!done)
    log_failure(done.error(), candidate, meter, settle.number(), head ? head->status : 0, began);
  co_return done;
}

}  // namespace gateway::chat
