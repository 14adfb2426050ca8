#include "gateway/chat/chat_handler.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gateway/chat/attempt.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/signs_of_life.h"
#include "gateway/chat/target_order.h"
#include "providers/error_json.h"
#include "providers/wire/json_text.h"

namespace gateway::chat {
namespace {

using config::Result;
using providers::Operation;

RequestSummary about(const http::Request& request, const providers::ChatRequest& chat,
                     const RouteMatch& match) {
  RequestSummary summary;
  summary.request = config::RequestId(std::string(request.id));
  summary.client_request_id = request.client_request_id();
  summary.key = request.caller->name;
  summary.team = request.caller->team;
  summary.model = match.route->model->name;
  summary.operation = chat.operation;
  summary.streamed = chat.stream;
  return summary;
}

// A streamed request counts as open while it is answered.
class OpenStream {
 public:
  OpenStream(RecordSink& records, bool streamed) : records_(streamed ? &records : nullptr) {
    if (records_ != nullptr) records_->stream_opened();
  }
  ~OpenStream() {
    if (records_ != nullptr) records_->stream_closed();
  }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

 private:
  RecordSink* records_;
};

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

// Of the models a request lets its upstream fall back to, those that its key may use;
// adapters refuse the others.
std::vector<std::string> allowed_models(providers::JsonWorkspace& json,
                                        const providers::ChatRequest& chat, const VirtualKey& key) {
  auto models = providers::listed_models(json, chat);
  std::erase_if(models, [&](const std::string& model) { return !key.allows(model); });
  return models;
}

}  // namespace

// Serves one request. Reads top to bottom; each step either hands the next one what
// it needs or ends the request with an Error. Nothing is written to the client before
// an upstream has answered, so any earlier failure can still become a status line.
Awaitable<void> ChatHandler::serve(Operation operation, const http::Request& request,
                                   http::Reply& reply) {
  auto asked = understand(operation, request);
  if (!asked) {
    worker_.records().refused(request.id, asked.error());
    co_await reply.send_error(asked.error());
    co_return;
  }

  auto done = co_await answer(*asked, request, reply);
  if (done) co_return;
  if (done.error().code == config::ErrorCode::client_left) co_return reply.abandon();

  // The client is told once: by a status line while that is possible, by an event after.
  if (!reply.committed()) {
    co_await reply.send_error(done.error());
    co_return;
  }
  providers::Body last;
  providers::append_error_event(done.error(), last);
  co_await reply.finish_stream(last);
}

// CPU only, and cheap to refuse: validate, name the model, find the route.
Result<ChatHandler::Asked> ChatHandler::understand(Operation operation,
                                                   const http::Request& request) {
  Asked asked;
  asked.snapshot = worker_.snapshot();
  auto chat = providers::read_chat_request(worker_.json(), operation, request.body);
  if (!chat) return std::move(chat).error();
  asked.chat = *std::move(chat);
  asked.chat.answer_id = fmt::format("chatcmpl-{}", request.id);
  asked.chat.created = std::chrono::system_clock::to_time_t(worker_.clock().wall());

  auto match = asked.snapshot->routes().find(asked.chat.model, *request.caller);
  if (!match) return std::move(match).error();
  asked.match = *std::move(match);
  return asked;
}

Awaitable<Result<void>> ChatHandler::answer(const Asked& asked, const http::Request& request,
                                            http::Reply& reply) {
  const OpenStream open(worker_.records(), asked.chat.stream);
  Meter meter(worker_.records(), worker_.clock(), about(request, asked.chat, asked.match));
  auto done = co_await first_that_answers(asked, request, reply, meter);
  if (done) {
    meter.answered(reply.status());
  } else {
    meter.failed(reply.committed() ? reply.status() : done.error().http_status(), done.error());
  }
  co_return done;
}

// Tries the route's targets in order until one answers or one has begun to.
Awaitable<Result<void>> ChatHandler::first_that_answers(const Asked& asked,
                                                        const http::Request& request,
                                                        http::Reply& reply, Meter& meter) {
  const providers::ChatRequest& chat = asked.chat;
  const RouteMatch& match = asked.match;
  const auto fallbacks = allowed_models(worker_.json(), chat, *request.caller);
  std::optional<config::Error> best;  // of the failures, what tells the client most
  std::optional<config::Error> last;
  const config::Target* failed = nullptr;
  SignsOfLife signs(reply, meter, asked.snapshot->config().server.sign_of_life);
  for (const RouteTarget* candidate :
       target_order(*match.route, chat.operation, worker_.random())) {
    if (last && !may_try(candidate->target, *failed, *last)) continue;

    const auto own = spelled_out(candidate->target, match.rest);
    const providers::Call call{chat, own ? *own : candidate->target, worker_.json(),
                               request.caller->allow_upstream_extras, fallbacks};

    auto done = co_await attempt(worker_, *candidate->adapter, call,
                                 match.route->model->unsupported_params, reply, meter, signs);
    if (done || meter.content_shown()) co_return done;
    last = std::move(done).error();
    failed = &candidate->target;
    best = best ? more_useful(*best, *last) : *last;
  }
  if (best) co_return *std::move(best);
  co_return config::invalid_request(fmt::format("The model '{}' is not offered on this endpoint.",
                                                match.route->model->name.view()),
                                    "model");
}

}  // namespace gateway::chat
