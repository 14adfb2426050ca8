#pragma once
// The answer to one request: a whole one, an error, or a stream. Knows whether its
// head has been written (the commit point). Belongs to the connection's coroutine;
// used on its thread, until the handler returns. One operation at a time.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "gateway/async.h"
#include "providers/wire/body.h"

namespace gateway::http {

class Connection;

class Reply {
 public:
  explicit Reply(Connection& connection);
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  // A field added to whatever head is written; before the commit point only. One that
  // could break the head (a control character, a name that is no token) is left out.
  void add_header(std::string_view name, std::string_view value);
  // `name` is a literal of ours.
  void add_header(std::string_view name, std::int64_t value);

  // A whole answer. Writes head and body in one go. Empty `content_type`: none is sent.
  // What `body` borrows stays alive until the call returns. An Error means that the
  // client is gone.
  Awaitable<config::Result<void>> send(unsigned status, std::string_view content_type,
                                       const providers::Body& body);

  // The error object (the door says in which shape) with its status, Retry-After and
  // x-should-retry; with further members of the body behind it: `"name":value`.
  Awaitable<config::Result<void>> send_error(const config::Error& error,
                                             std::string_view members = {});

  // Appends to a text/event-stream answer; the first call writes the status line. An
  // Error means the client is gone. One write per call, gathered.
  Awaitable<config::Result<void>> stream(const providers::Body& body);

  // Ends a stream: `in_order` false closes the connection without the last chunk, so
  // that no client takes it for whole.
  Awaitable<config::Result<void>> end_stream(bool in_order);

  // The last of a stream and its end in order, in one write.
  Awaitable<config::Result<void>> finish_stream(const providers::Body& last);

  // The gateway has no more time: what was not asked yet is not asked.
  bool hurried() const;

  // The client has left: nothing more is written, not even where nothing was, and the
  // connection ends.
  void abandon();

  // The head has been written, or begun to be: another target can no longer answer.
  bool committed() const { return framing_ != Framing::none; }
  // The answer is whole, or will never be.
  bool finished() const { return finished_; }
  unsigned status() const { return status_; }

  // For a ClientWatch.
  Connection& connection() { return connection_; }

 private:
  enum class Framing : unsigned char { none, counted, chunked, until_close };

  void begin_head(unsigned status, std::string_view content_type);
  void end_head();
  void begin_stream();
  void add_chunk(const providers::Body& body);
  Awaitable<config::Result<void>> flush();

  Connection& connection_;
  std::array<char, 20> chunk_size_{};
  Framing framing_ = Framing::none;
  bool finished_ = false;
  unsigned status_ = 0;
};

}  // namespace gateway::http
