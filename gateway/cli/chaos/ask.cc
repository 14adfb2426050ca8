#include "gateway/cli/chaos/ask.h"

#include <string_view>

#include <fmt/format.h>

#include "gateway/cli/chaos/answers.h"
#include "gateway/upstream/exchange.h"
#include "providers/wire/json_document.h"
#include "providers/wire/sse_parser.h"

namespace gateway::cli::chaos {
namespace {

using providers::JsonValue;
using providers::Operation;

constexpr std::size_t kLongest = 1024UL * 1024;

struct Form {
  std::string_view path;
  std::string_view question;  // members of the request
};

Form form_of(Operation operation) {
  switch (operation) {
    case Operation::chat:
      return {"/v1/chat/completions",
              R"("messages":[{"role":"user","content":"Count to eight."}])"};
    case Operation::completions:
      return {"/v1/completions", R"("prompt":"Count to eight.")"};
    case Operation::embeddings:
      return {"/v1/embeddings", R"("input":"Count to eight.")"};
  }
  return {};
}

config::Target gateway_at(std::uint16_t port) {
  config::Target target;
  target.base_url = {.tls = false,
                     .host = "127.0.0.1",
                     .port = port,
                     .path = {},
                     .host_header = fmt::format("127.0.0.1:{}", port)};
  target.timeouts.whole_answer = target.timeouts.first_byte = target.timeouts.idle = kNoLonger;
  return target;
}

// What came of an answer, piece by piece.
class Reading {
 public:
  explicit Reading(const Trial& trial) : trial_(trial) {}

  void whole(std::string_view body) {
    document_.read(body);
    take(document_.root(), "message");
    done_ = error_.empty();
  }

  void piece(std::string_view bytes) {
    parser_.feed(bytes);
    while (const auto event = parser_.next()) {
      if (done_ || !error_.empty()) {
        behind_the_end_ = true;
      } else if (event->data == "[DONE]") {
        done_ = true;
      } else if (document_.read(event->data)) {
        take(document_.root(), "delta");
      }
    }
  }

  Seen::End end() const {
    if (behind_the_end_) return Seen::End::other;
    if (!error_.empty()) return text_.empty() ? Seen::End::refused : Seen::End::broken;
    const bool all = trial_.operation == Operation::embeddings ? embedded_ : text_ == kWords;
    if (!done_) return Seen::End::silent;
    return all ? Seen::End::whole : Seen::End::other;
  }
  const std::string& code() const { return error_; }

 private:
  void take(JsonValue root, const char* holder) {
    if (const JsonValue error = root["error"]; error) {
      error_ = error["code"].text();
      if (error_.empty()) error_ = "error";
      return;
    }
    embedded_ = !root["data"].empty();
    for (const JsonValue choice : root["choices"].elements()) {
      text_ += trial_.operation == Operation::chat ? choice[holder]["content"].text()
                                                   : choice["text"].text();
    }
  }

  const Trial& trial_;
  providers::SseParser parser_;
  providers::JsonDocument document_;
  std::string text_;
  std::string error_;
  bool embedded_ = false;
  bool done_ = false;
  bool behind_the_end_ = false;
};

Awaitable<void> read_answer(upstream::Exchange& exchange, bool events, Seen& seen,
                            Reading& reading) {
  if (!events) {
    auto body = co_await exchange.read_all(kLongest);
    if (body) reading.whole(*body);
    co_return;
  }
  for (;;) {
    auto bytes = co_await exchange.read_some();
    // One that breaks off has said before what was wrong, or it did not.
    if (!bytes || bytes->empty()) co_return;
    reading.piece(*bytes);
  }
}

}  // namespace

Awaitable<Seen> ask(upstream::Pools& pools, std::uint16_t port, const std::string& key,
                    const Trial& trial) {
  const Form form = form_of(trial.operation);
  const std::string body = fmt::format(R"({{"model":"{}",{}{}}})", trial.model, form.question,
                                       trial.streamed ? R"(,"stream":true)" : "");
  providers::UpstreamRequest request;
  request.path = form.path;
  request.headers.emplace_back("authorization", "Bearer " + key);
  request.headers.emplace_back("content-type", "application/json");
  request.body.borrow(body);

  const config::Target gateway = gateway_at(port);
  upstream::Exchange exchange(pools, gateway);
  Seen seen;
  const config::SystemClock clock;
  const auto began = clock.now();
  auto head = co_await exchange.start(request);
  if (head) {
    seen.status = head->status;
    seen.request = head->find("x-request-id");
    const bool events = head->find("content-type").starts_with("text/event-stream");
    Reading reading(trial);
    co_await read_answer(exchange, events, seen, reading);
    seen.code = reading.code();
    seen.end = reading.end();
    if (seen.end == Seen::End::whole && seen.status != 200) seen.end = Seen::End::other;
  }
  seen.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - began);
  co_return seen;
}

}  // namespace gateway::cli::chaos
