#include "gateway/admin/api_endpoints.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "config/base/utf8.h"
#include "gateway/log.h"

namespace gateway::admin {
namespace {

using http::verb;

// The command line says for whom it asks; the token is the admin's in any case.
constexpr std::string_view kUser = "x-tollgate-user";
constexpr std::size_t kLongestUser = 64;

std::string who_asks(const http::Request& request) {
  const std::string_view user = request.find(kUser);
  const bool plain =
      user.size() <= kLongestUser &&
      std::all_of(user.begin(), user.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (user.empty() || !plain) return std::string(to_string(Role::admin));
  return fmt::format("{} ({})", to_string(Role::admin), user);
}

bool has_body(const http::Request& head) {
  if (!head.find("transfer-encoding").empty()) return true;
  return head.find("content-length").find_first_not_of('0') != std::string_view::npos;
}

// What a path has beyond the table's names a key only where one was found, and may else be
// anything, a secret too.
void log_change(const Row& row, const http::Request& request, const Call& call, bool found,
                unsigned status) {
  if (call.method == verb::get) return;
  log::info("administered", {{"request", request.id},
                             {"who", call.who},
                             {"path", found ? call.path : row.path},
                             {"status", status}});
}

Awaitable<void> answer(const Row& row, const http::Request& request, http::Reply& reply) {
  const auto path = http::percent_decoded(request.path);
  if (!path || config::find_invalid_utf8(*path) != path->size()) {
    const auto broken = config::invalid_request("The path is not properly percent-encoded text.");
    co_await reply.send_error(broken);
    co_return;
  }
  Call call;
  call.method = request.method == verb::head ? verb::get : request.method;
  call.path = *path;
  const auto question = request.target.find('?');
  if (question != std::string_view::npos) call.query = request.target.substr(question + 1);
  call.body = request.body;
  call.if_match = request.find("if-match");
  call.idempotency_key = request.find("idempotency-key");
  call.who = who_asks(request);
  call.request_id = request.id;

  if (row.talk) {
    const auto talked = co_await row.talk(call, reply);
    const bool found = talked.has_value();
    log_change(row, request, call, found, found ? reply.status() : talked.error().http_status());
    if (talked) co_return;
    reply.add_header("Cache-Control", "no-store");
    co_await reply.send_error(talked.error());
    co_return;
  }
  const auto done = co_await row.handle(call);
  log_change(row, request, call, done.has_value(),
             done ? done->status : done.error().http_status());
  reply.add_header("Cache-Control", "no-store");
  if (!done) {
    co_await reply.send_error(done.error());
    co_return;
  }
  providers::Body body;
  body.borrow(done->body);
  co_await reply.send(done->status, done->content_type, body);
}

}  // namespace

http::Gate gate_for(const Tokens& tokens, Role least) {
  return [&tokens, least](http::Request& head) -> config::Result<void> {
    auto role = tokens.role_of(head.find("authorization"));
    if (!role) return std::move(role).error();
    if (*role < least) {
      return config::failure(config::ErrorCode::forbidden,
                             "This token may read, but change nothing.");
    }
    if (head.method == verb::get || head.method == verb::head) return {};
    // Said in so many words: no form of another site can. What has no body rests on the token,
    // which no browser sends by itself.
    if (head.find("content-type").empty() && has_body(head)) {
      return config::failure(config::ErrorCode::unsupported_media_type,
                             "A body must say Content-Type: application/json.");
    }
    return http::require_json(head);
  };
}

std::vector<http::Endpoint> api_endpoints(const Tokens& tokens, std::vector<Row> table) {
  std::vector<http::Endpoint> out;
  for (Row& row : table) {
    const auto kept = std::make_shared<const Row>(std::move(row));
    const auto handler = [kept](const http::Request& request, http::Reply& reply) {
      return answer(*kept, request, reply);
    };
    out.push_back({kept->method, std::string(kept->path), kept->path.ends_with('/'),
                   gate_for(tokens, kept->least), handler});
  }
  return out;
}

}  // namespace gateway::admin
