#include "gateway/chat/chat_handler.h"

#include <chrono>
#include <string>

#include <fmt/format.h>

#include "gateway/chat/admission.h"
#include "gateway/chat/dry_run.h"
#include "gateway/chat/explanation.h"
#include "gateway/chat/failover.h"
#include "gateway/chat/meter.h"
#include "gateway/chat/tags.h"
#include "gateway/log.h"
#include "providers/error_json.h"

namespace gateway::chat {
namespace {

using config::Result;
using providers::Operation;

RequestSummary about(const http::Request& request, const Asked& asked) {
  RequestSummary summary;
  summary.request = config::RequestId(std::string(request.id));
  summary.client_request_id = request.client_request_id();
  summary.key = request.caller->name;
  summary.team = request.caller->team;
  summary.model = asked.match.route->model->name;
  summary.operation = asked.chat.operation;
  summary.streamed = asked.chat.stream;
  summary.tags = asked.tags;
  return summary;
}

constexpr std::string_view kDryRunHeader = "x-tollgate-dry-run";
constexpr std::string_view kExplainHeader = "x-tollgate-explain";

// A value nobody knows must not be taken for "no": of a dry run, that would cost money.
Result<bool> says_so(const http::Request& request, std::string_view header) {
  const std::string_view wish = request.find(header);
  if (wish == "true") return true;
  if (wish.empty() || wish == "false") return false;
  return config::invalid_request(fmt::format("The header {} is 'true' or 'false'.", header),
                                 std::string(header));
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

}  // namespace

// Serves one request. Reads top to bottom; each step either hands the next one what
// it needs or ends the request with an Error. Nothing is written to the client before
// an upstream has answered, so any earlier failure can still become a status line.
Awaitable<void> ChatHandler::serve(Operation operation, const http::Request& request,
                                   http::Reply& reply) {
  auto asked = understand(operation, request);
  if (!asked) co_return co_await refuse(asked.error(), request, reply);
  if (asked->dry_run) co_return co_await answer_without_asking(*asked, request, reply);
  if (auto may = admit_one(*asked, request, reply); !may) {
    co_return co_await refuse(may.error(), request, reply);
  }

  Explanation explanation(asked->explain, *asked->match.route, asked->routing,
                          asked->chat.operation);
  auto done = co_await answer(*asked, request, reply, explanation);
  if (done) co_return;
  if (done.error().code == config::ErrorCode::client_left) co_return reply.abandon();

  // The client is told once: by a status line while that is possible, by an event after.
  if (!reply.committed()) {
    const std::string told = explanation.members(true);
    const std::string member = told.empty() ? "" : fmt::format(R"("tollgate":{{{}}})", told);
    co_await reply.send_error(done.error(), member);
    co_return;
  }
  providers::Body last;
  explanation.append_comment(last);
  providers::append_error_event(done.error(), last);
  co_await reply.finish_stream(last);
}

Awaitable<void> ChatHandler::refuse(const config::Error& error, const http::Request& request,
                                    http::Reply& reply) {
  worker_.records().refused(request.id, error);
  co_await reply.send_error(error);
}

Awaitable<void> ChatHandler::answer_without_asking(const Asked& asked, const http::Request& request,
                                                   http::Reply& reply) {
  const std::string json = dry_run(
      {*asked.snapshot, *request.caller, asked.chat, asked.match, worker_.json(), worker_.limiter(),
       limits::Now::of(worker_.clock()), &worker_.breakers(), &worker_.latencies(), asked.routing});
  providers::Body body;
  body.borrow(json);
  co_await reply.send(200, "application/json", body);
}

Result<void> ChatHandler::admit_one(Asked& asked, const http::Request& request,
                                    http::Reply& reply) {
  const auto now = limits::Now::of(worker_.clock());
  auto slot = admit(worker_.limiter(), *request.caller, asked.chat, *asked.match.route->model, now);
  add_rate_headers(worker_.limiter().status(request.caller->payers, now.steady), reply);
  if (!slot) return std::move(slot).error();
  asked.slot = *std::move(slot);
  return {};
}

// CPU only, and cheap to refuse: validate, name the model, find the route.
Result<Asked> ChatHandler::understand(Operation operation, const http::Request& request) {
  Asked asked;
  asked.snapshot = worker_.snapshot();
  auto chat = providers::read_chat_request(worker_.json(), operation, request.body);
  if (!chat) return std::move(chat).error();
  asked.chat = *std::move(chat);
  asked.chat.answer_id.assign("chatcmpl-").append(request.id);
  asked.chat.created = std::chrono::system_clock::to_time_t(worker_.clock().wall());

  auto match = asked.snapshot->routes().find(asked.chat.model, *request.caller);
  if (!match) return std::move(match).error();
  asked.match = *std::move(match);

  auto routing = read_routing_override(request.find(kOrderHeader), request.find(kTargetHeader),
                                       *asked.match.route, *request.caller);
  if (!routing) return std::move(routing).error();
  asked.routing = *std::move(routing);
  auto tags = read_tags(request.find(kTagsHeader));
  if (!tags) return std::move(tags).error();
  asked.tags = united(request.caller->tags, *tags);
  auto dry = says_so(request, kDryRunHeader);
  if (!dry) return std::move(dry).error();
  asked.dry_run = *dry;
  auto explain = says_so(request, kExplainHeader);
  if (!explain) return std::move(explain).error();
  asked.explain = *explain;
  return asked;
}

Awaitable<Result<void>> ChatHandler::answer(Asked& asked, const http::Request& request,
                                            http::Reply& reply, Explanation& explanation) {
  const OpenStream open(worker_.records(), asked.chat.stream);
  Meter meter(worker_.records(), worker_.clock(), about(request, asked), std::move(asked.slot));
  Failover failover(worker_, asked, choice(asked, request), request, reply, meter, explanation);
  auto done = co_await failover.run();
  if (done) {
    meter.answered(reply.status());
  } else {
    const auto& cost = meter.spent().amount;
    if (!reply.committed() && cost && cost->value > 0) {
      reply.add_header("x-tollgate-cost-usd", config::to_usd(*cost));
    }
    meter.failed(reply.committed() ? reply.status() : done.error().http_status(), done.error());
    log::info("targets of a failed request",
              {{"request", request.id}, {"targets", explanation.text()}});
  }
  co_return done;
}

Choice ChatHandler::choice(const Asked& asked, const http::Request& request) {
  const config::Model& model = *asked.match.route->model;
  return {.model = model,
          .order = asked.routing.order.value_or(model.order),
          .chat = asked.chat,
          .caller = *request.caller,
          .json = worker_.json(),
          .now = worker_.clock().now(),
          .latencies = &worker_.latencies(),
          .random = &worker_.random()};
}

}  // namespace gateway::chat
