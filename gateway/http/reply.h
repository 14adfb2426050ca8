#pragma once
// The answer to one request: a whole one, an error, or a stream. Knows whether its
// head has been written (the commit point). Belongs to the connection's coroutine;
// used on its thread, until the handler returns.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/error.h"
#include "gateway/async.h"
#include "providers/wire/body.h"

namespace gateway::http {

class Connection;

using Headers = std::vector<std::pair<std::string, std::string>>;

class Reply {
 public:
  explicit Reply(Connection& connection) : connection_(connection) {}

  // Fields added to whatever head is written; before the commit point only.
  void add_header(std::string name, std::string value);

  // A whole answer. `content_type` as sent. Writes head and body in one go.
  Awaitable<config::Result<void>> send(unsigned status, std::string_view content_type,
                                       const providers::Body& body);

  // The OpenAI error object with its status, Retry-After and x-should-retry.
  Awaitable<config::Result<void>> send_error(const config::Error& error);

  // Appends to a text/event-stream answer; the first call writes the status line. An
  // Error means the client is gone. One write per call, gathered.
  Awaitable<config::Result<void>> stream(const providers::Body& body);

  // Ends a stream: `in_order` false closes the connection without the last chunk, so
  // that no client takes it for whole.
  Awaitable<config::Result<void>> end_stream(bool in_order);

  // The head has been written: another target can no longer answer.
  bool committed() const { return committed_; }
  unsigned status() const { return status_; }

 private:
  Connection& connection_;
  Headers headers_;
  bool committed_ = false;
  unsigned status_ = 0;
};

}  // namespace gateway::http
