#pragma once
// An answer before it is framed: a whole body or a list of events. Made by a dialect,
// changed by the faults, turned into bytes by compose(). Value type.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_simulator/received.h"

namespace simulator {

enum class EventKind : std::uint8_t {
  role,  // opens the message, says nothing yet
  content,
  reasoning,
  tool,
  finish,
  usage,
  done,
  error,
  comment,  // `data` is the text after the colon
  raw,      // `data` is sent as it stands
};

struct Event {
  EventKind kind = EventKind::content;
  std::string data;
};

struct Accounting {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::int64_t pico_usd = 0;
};

struct Reply {
  unsigned status = 200;
  Fields headers;
  std::string content_type = "application/json";
  std::string body;
  bool streamed = false;
  std::vector<Event> events;  // when streamed
  Accounting accounting;
};

inline Reply json_reply(unsigned status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

}  // namespace simulator
