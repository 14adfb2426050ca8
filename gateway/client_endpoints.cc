#include "gateway/client_endpoints.h"

#include <string>

#include "gateway/admin/pages.h"
#include "gateway/chat/authenticate.h"
#include "gateway/chat/model_list.h"

namespace gateway {
namespace {

using http::verb;
using providers::Operation;

constexpr std::string_view kOneModel = "/v1/models/";

Awaitable<void> answer(http::Reply& reply, config::Result<std::string> json) {
  if (!json) {
    co_await reply.send_error(json.error());
    co_return;
  }
  providers::Body body;
  body.borrow(*json);
  co_await reply.send(200, "application/json", body);
}

Awaitable<void> show(http::Reply& reply, admin::Page page) {
  providers::Body body;
  body.borrow(page.body);
  co_await reply.send(page.status, page.content_type, body);
}

}  // namespace

std::vector<http::Endpoint> client_endpoints(Worker& worker, chat::ChatHandler& chat,
                                             const std::atomic<bool>& draining) {
  // The key is asked for before a byte of the body is read.
  const auto known = [&worker](http::Request& head) -> config::Result<void> {
    auto snapshot = worker.snapshot();
    auto key = chat::authenticate(*snapshot, head, worker.clock().wall());
    if (!key) return key.error();
    head.caller = {std::move(snapshot), *key};
    return {};
  };
  const auto known_with_json = [known](http::Request& head) -> config::Result<void> {
    if (auto admitted = known(head); !admitted) return admitted;
    return http::require_json(head);
  };
  const auto serve = [&chat](Operation operation) {
    return [&chat, operation](const http::Request& request, http::Reply& reply) {
      return chat.serve(operation, request, reply);
    };
  };
  const auto models = [&worker](const http::Request& request, http::Reply& reply) {
    return answer(reply, chat::model_list(*worker.snapshot(), *request.caller));
  };
  const auto model = [&worker](const http::Request& request, http::Reply& reply) {
    return answer(reply, chat::one_model(*worker.snapshot(), *request.caller,
                                         request.path.substr(kOneModel.size())));
  };
  const auto alive = [](const http::Request&, http::Reply& reply) {
    return show(reply, admin::alive());
  };
  const auto ready = [&draining](const http::Request&, http::Reply& reply) {
    return show(reply, admin::ready(draining.load(std::memory_order_relaxed)));
  };

  return {
      {verb::post, "/v1/chat/completions", false, known_with_json, serve(Operation::chat), true},
      {verb::post, "/v1/completions", false, known_with_json, serve(Operation::completions), true},
      {verb::post, "/v1/embeddings", false, known_with_json, serve(Operation::embeddings), true},
      {verb::get, "/v1/models", false, known, models},
      {verb::get, std::string(kOneModel), true, known, model},
      {verb::get, "/healthz", false, {}, alive},
      {verb::get, "/readyz", false, {}, ready},
  };
}

}  // namespace gateway
