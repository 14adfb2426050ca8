#include "gateway/http/reply.h"

#include <algorithm>
#include <charconv>
#include <concepts>

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "gateway/http/connection.h"
#include "gateway/http/head_rules.h"

namespace gateway::http {

using config::Error;
using config::ErrorCode;
using config::Result;

namespace {

constexpr unsigned kNoContent = 204;

bool harmless(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

void append(HeadBuffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

template <std::integral T>
void append_number(HeadBuffer& out, T number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.data() + digits.size());
}

void append_line(HeadBuffer& out, std::string_view name, std::string_view value) {
  append(out, name);
  append(out, ": ");
  append(out, value);
  append(out, "\r\n");
}

Error client_gone() {
  return config::failure(ErrorCode::client_left, "The client is gone.", "client gone");
}

}  // namespace

Reply::Reply(Connection& connection) : connection_(connection) {
  connection.added_fields().clear();
}

void Reply::add_header(std::string_view name, std::string_view value) {
  if (is_token(name) && harmless(value)) {
    append_line(connection_.added_fields(), name, value);
  }
}

void Reply::add_header(std::string_view name, std::int64_t value) {
  HeadBuffer& out = connection_.added_fields();
  append(out, name);
  append(out, ": ");
  append_number(out, value);
  append(out, "\r\n");
}

void Reply::begin_head(unsigned status, std::string_view content_type) {
  status_ = status;
  HeadBuffer& head = connection_.head();
  head.clear();
  append(head, "HTTP/1.1 ");
  append_number(head, status);
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  append(head, " ");
  append(head, {reason.data(), reason.size()});
  append(head, "\r\n");
  append_line(head, "Date", connection_.date());
  if (!content_type.empty()) append_line(head, "Content-Type", content_type);
  append_line(head, "X-Request-Id", connection_.request_id());
  append_line(head, "X-Content-Type-Options", "nosniff");
}

void Reply::end_head() {
  HeadBuffer& head = connection_.head();
  const HeadBuffer& added = connection_.added_fields();
  append(head, {added.data(), added.size()});
  if (connection_.closes()) {
    append_line(head, "Connection", "close");
  } else if (!connection_.speaks_1_1()) {
    append_line(head, "Connection", "keep-alive");
  }
  append(head, "\r\n");
  connection_.outgoing().clear();
  connection_.outgoing().add(std::string_view(head.data(), head.size()));
}

Awaitable<Result<void>> Reply::flush() {
  const error_code error = co_await connection_.write_outgoing();
  if (error) co_return client_gone();
  co_return Result<void>{};
}

Awaitable<Result<void>> Reply::send(unsigned status, std::string_view content_type,
                                    const providers::Body& body) {
  if (committed()) throw std::logic_error("a second answer to one request");
  begin_head(status, content_type);
  if (status != kNoContent) {
    HeadBuffer& head = connection_.head();
    append(head, "Content-Length: ");
    append_number(head, body.size());
    append(head, "\r\n");
  }
  end_head();
  if (!connection_.head_only() && status != kNoContent) connection_.outgoing().add(body);
  framing_ = Framing::counted;
  finished_ = true;
  co_return co_await flush();
}

Awaitable<Result<void>> Reply::send_error(const Error& error, std::string_view members) {
  const config::ErrorShape& shape = config::shape(error.code);
  if (error.http_status() == 401) add_header("WWW-Authenticate", "Bearer");
  if (error.retry_after) {
    const auto milliseconds = std::max<std::int64_t>(error.retry_after->count(), 0);
    add_header("Retry-After", std::to_string((milliseconds + 999) / 1000));
    add_header("Retry-After-Ms", std::to_string(milliseconds));
  }
  if (shape.retry_is_pointless) add_header("X-Should-Retry", "false");

  std::string json = connection_.error_json(error);
  if (!members.empty()) json.insert(json.rfind('}'), fmt::format(",{}", members));
  providers::Body body;
  body.borrow(json);
  // No upstream is asked any more: who is refused takes nobody's place while it is told so.
  connection_.give_back_place();
  co_return co_await send(error.http_status(), "application/json", body);
}

void Reply::begin_stream() {
  begin_head(200, "text/event-stream");
  HeadBuffer& head = connection_.head();
  append_line(head, "Cache-Control", "no-cache");
  append_line(head, "X-Accel-Buffering", "no");
  if (connection_.speaks_1_1()) {
    append_line(head, "Transfer-Encoding", "chunked");
    framing_ = Framing::chunked;
  } else {
    connection_.close_after_answer();
    framing_ = Framing::until_close;
  }
  end_head();
}

void Reply::add_chunk(const providers::Body& body) {
  if (connection_.head_only() || body.empty()) return;
  GatherWrite& out = connection_.outgoing();
  if (framing_ == Framing::until_close) return out.add(body);
  char* const begin = chunk_size_.data();
  char* end = std::to_chars(begin, begin + chunk_size_.size() - 2, body.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.add({begin, static_cast<std::size_t>(end - begin)});
  out.add(body);
  out.add("\r\n");
}

Awaitable<Result<void>> Reply::stream(const providers::Body& body) {
  if (committed()) {
    connection_.outgoing().clear();
  } else {
    begin_stream();
  }
  add_chunk(body);
  co_return co_await flush();
}

Awaitable<Result<void>> Reply::finish_stream(const providers::Body& last) {
  if (committed()) {
    connection_.outgoing().clear();
  } else {
    begin_stream();
  }
  add_chunk(last);
  if (framing_ == Framing::chunked && !connection_.head_only()) {
    connection_.outgoing().add("0\r\n\r\n");
  }
  finished_ = true;
  co_return co_await flush();
}

Awaitable<Result<void>> Reply::end_stream(bool in_order) {
  if (in_order) {
    const providers::Body nothing;
    co_return co_await finish_stream(nothing);
  }
  abandon();
  co_return Result<void>{};
}

bool Reply::hurried() const {
  return connection_.hurried();
}

void Reply::abandon() {
  connection_.abandon();
  finished_ = true;
}

}  // namespace gateway::http
