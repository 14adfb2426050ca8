#include "tests/support/upstream_simulator/compose.h"

#include <algorithm>
#include <array>

namespace simulator {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMebibyte = 1U << 20U;

// How the end of the body is told.
enum class Framing : std::uint8_t { length, chunked, until_close };

struct Head {
  std::string text;
  Framing framing = Framing::length;
  bool keep_alive = true;
};

std::string hex(std::size_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

std::string as_chunk(std::string_view bytes, const Faults& faults) {
  const std::string_view extension =
      faults.has(fault("chunk-ext")) ? ";name=\"quoted; value\";flag" : "";
  return hex(bytes.size()) + std::string(extension) + "\r\n" + std::string(bytes) + "\r\n";
}

std::string last_chunk(const Faults& faults) {
  if (faults.has(fault("trailers")))
    return "0\r\nX-Checksum: 1234\r\nServer-Timing: llm;dur=5\r\n\r\n";
  if (faults.has(fault("forbidden-trailers")))
    return "0\r\nAuthorization: Bearer trailer\r\nContent-Length: 5\r\n\r\n";
  return "0\r\n\r\n";
}

// Bytes of the body as the framing wants them.
std::string framed(std::string_view bytes, Framing framing, const Faults& faults) {
  if (framing != Framing::chunked || bytes.empty()) return std::string(bytes);
  if (!faults.has(fault("chunked-1byte"))) return as_chunk(bytes, faults);
  std::string text;
  for (const char byte : bytes) text += as_chunk({&byte, 1}, faults);
  return text;
}

Framing choose_framing(const Reply& reply, const Faults& faults, const Wire& wire) {
  if (faults.has(fault("http10")) || faults.has(fault("eof-delimited")))
    return Framing::until_close;
  if (faults.has(fault("http10-chunked"))) return Framing::chunked;
  if (wire.http10) return reply.streamed ? Framing::until_close : Framing::length;
  if (faults.has(fault("gzip-bomb"))) return Framing::chunked;
  for (const auto row :
       {fault("chunked-json"), fault("chunked-1byte"), fault("chunk-ext"), fault("trailers"),
        fault("forbidden-trailers"), fault("cut-chunked"), fault("bad-chunk"), fault("chunk-2-63")})
    if (faults.has(row)) return Framing::chunked;
  return reply.streamed ? Framing::chunked : Framing::length;
}

void add_odd_fields(Fields& fields, const Faults& faults, std::size_t length) {
  if (faults.has(fault("hop-fields"))) {
    fields.emplace_back("Set-Cookie", "session=stolen");
    fields.emplace_back("Authorization", "Bearer leaked");
    fields.emplace_back("X-Api-Key", "leaked");
    fields.emplace_back("Server", "simulator/1");
    fields.emplace_back("Location", "http://127.0.0.1:9/");
    fields.emplace_back("X-Hop", "hop");
    fields.emplace_back("Connection", "keep-alive, X-Hop");
  }
  if (faults.has(fault("bare-cr"))) fields.emplace_back("X-Odd", "a\rb");
  if (faults.has(fault("nul-field"))) fields.emplace_back("X-Odd", std::string("a\0b", 3));
  if (faults.has(fault("big-head"))) fields.emplace_back("X-Big", std::string(kMebibyte, 'h'));
  if (faults.has(fault("cl-and-te"))) fields.emplace_back("Transfer-Encoding", "chunked");
  if (faults.has(fault("two-cl")))
    fields.emplace_back("Content-Length", std::to_string(length + 5));
}

std::string length_text(const Faults& faults, std::size_t length) {
  if (faults.has(fault("bad-cl"))) return "twelve";
  if (faults.has(fault("cl-long")) || faults.has(fault("cl-long-stall")))
    return std::to_string(length + 100);
  if (faults.has(fault("cl-10tib"))) return "10995116277760";
  return std::to_string(length);
}

std::string content_type_of(const Reply& reply, const Faults& faults) {
  if (faults.has(fault("no-content-type"))) return {};
  if (faults.has(fault("octet-stream"))) return "application/octet-stream";
  if (faults.has(fault("wrong-content-type"))) return "text/html; charset=utf-8";
  return reply.content_type;
}

Head make_head(const Reply& reply, const Faults& faults, const Wire& wire, std::size_t length) {
  Head head;
  head.framing = choose_framing(reply, faults, wire);
  head.keep_alive = wire.keep_alive && head.framing != Framing::until_close &&
                    !faults.has(fault("connection-close"));
  const bool old =
      faults.has(fault("http10")) || faults.has(fault("http10-chunked")) || wire.http10;
  if (old) head.keep_alive = false;

  Fields fields = reply.headers;
  if (const auto type = content_type_of(reply, faults); !type.empty())
    fields.emplace_back("Content-Type", type);
  if (reply.streamed) fields.emplace_back("Cache-Control", "no-cache");
  if (faults.has(fault("gzip")) || faults.has(fault("gzip-bomb")))
    fields.emplace_back("Content-Encoding", "gzip");
  add_odd_fields(fields, faults, length);
  if (head.framing == Framing::chunked) fields.emplace_back("Transfer-Encoding", "chunked");
  if (head.framing == Framing::length && reply.status != 204 && reply.status != 304)
    fields.emplace_back("Content-Length", length_text(faults, length));
  if (!head.keep_alive) fields.emplace_back("Connection", "close");

  const std::string_view line_end = faults.has(fault("bare-lf")) ? "\n" : "\r\n";
  head.text = (old ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(reply.status) + " " +
              std::string(reason_of(reply.status));
  head.text += line_end;
  for (const auto& [name, value] : fields) {
    head.text += name + ": " + value;
    head.text += line_end;
  }
  head.text += line_end;
  return head;
}

// Answers that are none: the script is complete when this gives one.
std::optional<Script> without_answer(const Faults& faults) {
  Script script;
  const auto ends = [&](Ending ending) {
    script.ending = ending;
    return script;
  };
  if (faults.has(fault("stall-before-head"))) return ends(Ending::stall);
  if (faults.has(fault("reset-before-head"))) return ends(Ending::reset);
  if (faults.has(fault("close-before-head"))) return ends(Ending::close);
  if (faults.has(fault("not-http"))) {
    script.send("SSH-2.0-OpenSSH_9.2p1 Debian\r\n");
    return ends(Ending::close);
  }
  if (faults.has(fault("http09"))) {
    script.send("{\"choices\":[]}\n");
    return ends(Ending::close);
  }
  if (faults.has(fault("half-head")) || faults.has(fault("half-head-stall"))) {
    script.send("HTTP/1.1 200 OK\r\nContent-Type: applic");
    return ends(faults.has(fault("half-head")) ? Ending::close : Ending::stall);
  }
  if (faults.has(fault("endless-head"))) {
    script.send("HTTP/1.1 200 OK\r\n");
    std::string fields;
    for (int field = 0; field < 1000; ++field) fields += "X-Again: and again\r\n";
    script.steps.push_back({std::move(fields), 1'000'000});
    return ends(Ending::close);
  }
  if (faults.has(fault("101"))) {
    script.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
    return ends(Ending::stall);
  }
  return std::nullopt;
}

void send_interim(Script& script, const Faults& faults) {
  if (faults.has(fault("100-first"))) script.send("HTTP/1.1 100 Continue\r\n\r\n");
  if (faults.has(fault("103-first")))
    script.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
  if (faults.has(fault("102-flood")))
    script.steps.push_back({"HTTP/1.1 102 Processing\r\n\r\n", 10'000});
}

bool says_something(EventKind kind) {
  return kind == EventKind::content || kind == EventKind::reasoning || kind == EventKind::tool;
}

struct Break {
  std::uint64_t after;  // events that say something
  Ending ending;
  bool mid_event = false;
};

std::optional<Break> break_of(const Faults& faults) {
  if (faults.has(fault("stall-after-head"))) return Break{0, Ending::stall};
  if (faults.has(fault("reset-after-head"))) return Break{0, Ending::reset};
  if (faults.has(fault("close-after-head"))) return Break{0, Ending::close};
  if (const auto n = faults.number(fault("stall-after-<n>"))) return Break{*n, Ending::stall};
  if (const auto n = faults.number(fault("reset-after-<n>"))) return Break{*n, Ending::reset};
  if (const auto n = faults.number(fault("close-after-<n>"))) return Break{*n, Ending::close};
  if (faults.has(fault("close-mid-event"))) return Break{1, Ending::close, true};
  return std::nullopt;
}

// Pause before the event with this number, from 0.
milliseconds pause_before(std::size_t event, const Faults& faults, const Wire& wire) {
  const auto ms = [](std::uint64_t count) {
    return milliseconds(static_cast<std::int64_t>(count));
  };
  if (event == 0) {
    if (const auto first = faults.number(fault("slow-first-<ms>ms"))) return ms(*first);
  }
  if (event == 1) {
    if (const auto rest = faults.number(fault("slow-rest-<ms>ms"))) return ms(*rest);
    if (faults.has(fault("sse-slow"))) return milliseconds(5000);
  }
  if (const auto every = faults.number(fault("slow-<ms>ms"))) return ms(*every);
  return wire.pace;
}

// Endless streams; true when the script is complete.
bool send_flood(Script& script, const Faults& faults, Framing framing) {
  const auto flood = [&](std::string bytes, std::uint64_t times, milliseconds before) {
    script.steps.push_back({framed(bytes, framing, faults), times, before});
  };
  if (faults.has(fault("comments-only"))) {
    flood(": OPENROUTER PROCESSING\n\n", 1'000'000, milliseconds(100));
  } else if (faults.has(fault("sse-flood"))) {
    std::string comments;
    while (comments.size() < kMebibyte) comments += ": OPENROUTER PROCESSING\n\n";
    flood(std::move(comments), 256, {});
  } else if (faults.has(fault("sse-endless-line"))) {
    flood(R"(data: {"choices":[{"index":0,"delta":{"content":")", 1, {});
    flood(std::string(kMebibyte, 'x'), 256, {});
  } else {
    return false;
  }
  script.ending = Ending::close;
  return true;
}

void send_events(Script& script, const Reply& reply, const Faults& faults, const Wire& wire,
                 Framing framing) {
  const auto broken = break_of(faults);
  const auto frames = render_events(reply.events, faults);
  std::uint64_t said = 0;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const bool says = says_something(reply.events[at].kind);
    if (broken && (says || reply.events[at].kind >= EventKind::finish) && said == broken->after) {
      // Half an event inside a chunk that promised it whole.
      if (broken->mid_event) {
        const auto text = framed(frames[at], framing, faults);
        script.send(text.substr(0, text.size() / 2));
      }
      script.ending = broken->ending;
      return;
    }
    script.send(framed(frames[at], framing, faults), pause_before(at, faults, wire));
    if (says) ++said;
  }
  if (broken) script.ending = broken->ending;
}

void send_body(Script& script, const Reply& reply, const Faults& faults, Framing framing) {
  const auto broken = break_of(faults);
  if (broken) {
    script.ending = broken->ending;
    return;
  }
  const auto body = faults.has(fault("gzip")) ? gzip(reply.body) : reply.body;
  if (faults.has(fault("close-mid-body"))) {
    const auto text = framed(body, framing, faults);
    script.send(text.substr(0, text.size() / 2));
    script.ending = Ending::close;
    return;
  }
  const auto slow = faults.number(fault("slow-<ms>ms"));
  if (!slow) {
    script.send(framed(body, framing, faults));
    return;
  }
  const auto quarter = body.size() / 4 + 1;
  for (std::size_t at = 0; at < body.size(); at += quarter)
    script.send(framed(std::string_view(body).substr(at, quarter), framing, faults),
                milliseconds(static_cast<std::int64_t>(*slow)));
}

void send_end(Script& script, const Faults& faults, Framing framing) {
  if (script.ending != Ending::keep_alive) return;
  if (faults.has(fault("cut-chunked"))) {
    script.ending = Ending::close;
    return;
  }
  if (faults.has(fault("bad-chunk"))) script.send("zz\r\noops\r\n");
  if (faults.has(fault("chunk-2-63"))) script.send("8000000000000000\r\nx");
  if (faults.has(fault("bad-chunk")) || faults.has(fault("chunk-2-63"))) {
    script.ending = Ending::close;
    return;
  }
  if (framing == Framing::chunked) script.send(last_chunk(faults));
  if (faults.has(fault("extra-bytes"))) script.steps.back().bytes += "POISONED";
  if (faults.has(fault("extra-bytes-late"))) script.send("POISONED", milliseconds(1));
  if (faults.has(fault("cl-long")) || faults.has(fault("cl-10tib"))) script.ending = Ending::close;
  if (faults.has(fault("cl-long-stall"))) script.ending = Ending::stall;
  if (faults.has(fault("close-idle")) || framing == Framing::until_close)
    script.ending = Ending::close;
}

std::string joined(const Script& script) {
  std::string text;
  for (const auto& step : script.steps)
    for (std::uint64_t time = 0; time < step.times; ++time) text += step.bytes;
  return text;
}

void cut_into(Script& script, std::size_t size, milliseconds before) {
  const auto text = joined(script);
  script.steps.clear();
  for (std::size_t at = 0; at < text.size(); at += size) script.send(text.substr(at, size), before);
}

// Ends it after so many bytes behind the head.
void break_off(Script& script, std::size_t size) {
  for (std::size_t at = 1; at < script.steps.size(); ++at) {
    auto& bytes = script.steps[at].bytes;
    if (bytes.size() < size) {
      size -= bytes.size();
      continue;
    }
    bytes.resize(size);
    script.steps.resize(at + 1);
    script.ending = Ending::close;
  }
}

// Cuts after the first byte of each multi-byte character.
void cut_characters(Script& script) {
  const auto text = joined(script);
  script.steps.clear();
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < 0xC0) continue;
    script.send(text.substr(start, at + 1 - start), milliseconds(1));
    start = at + 1;
  }
  script.send(text.substr(start));
}

void cut_writes(Script& script, const Faults& faults) {
  if (faults.has(fault("dribble"))) cut_into(script, 1, milliseconds(20));
  if (faults.has(fault("bytewise"))) cut_into(script, 1, {});
  if (const auto size = faults.number(fault("segments-<n>")))
    cut_into(script, std::max<std::size_t>(*size, 1), {});
  if (faults.has(fault("multibyte-cut"))) cut_characters(script);
  if (faults.has(fault("one-segment"))) {
    auto text = joined(script);
    script.steps.clear();
    script.send(std::move(text));
  }
}

}  // namespace

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Payload Too Large";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Simulated";
  }
}

Script compose(const Reply& reply, const Faults& faults, const Wire& wire) {
  if (auto script = without_answer(faults)) return std::move(*script);

  Script script;
  send_interim(script, faults);
  const std::size_t length =
      faults.has(fault("gzip")) ? gzip(reply.body).size() : reply.body.size();
  const auto head = make_head(reply, faults, wire, length);
  script.ending = head.keep_alive ? Ending::keep_alive : Ending::close;
  const auto natural = script.ending;
  const auto wait = faults.number(fault("wait-<ms>ms")).value_or(0);
  script.send(head.text, milliseconds(static_cast<std::int64_t>(wait)));

  script.ending = Ending::keep_alive;
  if (faults.has(fault("gzip-bomb"))) {
    for (auto& step : gzip_bomb())
      script.steps.push_back({framed(step.bytes, head.framing, faults), step.times});
  } else if (reply.streamed && faults.has(fault("gzip"))) {
    std::string stream;
    for (const auto& frame : render_events(reply.events, faults)) stream += frame;
    script.send(framed(gzip(stream), head.framing, faults));
  } else if (!reply.streamed) {
    send_body(script, reply, faults, head.framing);
  } else if (!send_flood(script, faults, head.framing)) {
    send_events(script, reply, faults, wire, head.framing);
  }
  send_end(script, faults, head.framing);
  if (script.ending == Ending::keep_alive) script.ending = natural;
  if (const auto size = faults.number(fault("close-at-<n>"))) break_off(script, *size);
  cut_writes(script, faults);

  // A small whole answer leaves in one write, as real servers do.
  if (!reply.streamed && script.steps.size() == 2 && script.steps[1].times == 1 &&
      script.steps[1].before.count() == 0) {
    script.steps[0].bytes += script.steps[1].bytes;
    script.steps.pop_back();
  }
  return script;
}

}  // namespace simulator
