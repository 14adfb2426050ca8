#include "gateway/chat/relay.h"

#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include "providers/completion_from_stream.h"

namespace gateway::chat {
namespace {

using config::Result;

// A whole answer is parsed in memory; nothing a model writes comes near this.
constexpr std::size_t kMaxWholeAnswer = 16 * 1024 * 1024;

// Who answers, told with the head. One that went out before, with a comment alone, names
// nobody: it was not decided yet.
void announce(const Delivery& delivery) {
  if (delivery.reply.committed()) return;
  const config::Target& target = delivery.call.target;
  delivery.reply.add_header("x-tollgate-provider",
                            target.simulated ? fmt::format("{} (simulated)", target.provider.view())
                                             : target.provider.str());
  delivery.reply.add_header("x-tollgate-model", target.model);
  if (!delivery.dropped.empty()) {
    delivery.reply.add_header("x-tollgate-dropped",
                              fmt::format("{}", fmt::join(delivery.dropped, ", ")));
  }
}

// An error inside a 200 is a verdict, as a status would be; nonsense is none.
void note_verdict(const Delivery& delivery, const config::Error& error) {
  if (error.code != config::ErrorCode::upstream_garbled) delivery.attempt.refused_in_words();
}

enum class Flow : std::uint8_t { goes_on, stopped };

// Appends all that is complete in the parser; at the upstream's end, what stands
// unterminated too. `stopped`: the money does not cover the next event, so that it is left
// out and the stream ended.
Result<Flow> decode_events(const Delivery& delivery, providers::SseParser& parser,
                           providers::StreamDecoder& decoder, bool at_end, providers::Body& out) {
  while (!decoder.done()) {
    auto event = parser.next();
    if (!event && at_end) event = parser.finish();
    if (!event) break;
    const auto before = out.mark();
    if (auto decoded = decoder.decode(*event, out); !decoded) return decoded.error();
    if (delivery.attempt.cover(decoder.delivered().quick_tokens())) continue;
    out.back_to(before);
    decoder.stop("budget", out);
    return Flow::stopped;
  }
  if (parser.overflowed()) {
    return config::failure(config::ErrorCode::upstream_garbled,
                           "The upstream sent an event larger than this gateway relays.",
                           "server-sent event over the size cap");
  }
  return Flow::goes_on;
}

struct Step {
  Result<void> decoded;
  bool stopped = false;
  bool ended = false;
};

// What the upstream sent next, in the client's words; no bytes: it closed. Where the answer has
// ended, the decoder's end() is still owed. `out` borrows from the parser until the next step.
Step decode_bytes(const Delivery& delivery, providers::SseParser& parser,
                  providers::StreamDecoder& decoder, std::string_view bytes, providers::Body& out) {
  out.clear();
  parser.feed(bytes);
  const auto flow = decode_events(delivery, parser, decoder, bytes.empty(), out);
  if (!flow) return {flow.error()};
  const bool stopped = *flow == Flow::stopped;
  const bool ended = bytes.empty() || stopped || decoder.done();
  if (ended && !stopped) return {decoder.finish(out), stopped, ended};
  return {{}, stopped, ended};
}

// Makes what goes out follow what the client has, where that is missing its rest. That an
// upstream does not go on as it should says nothing against it otherwise.
Result<void> follow_on(const Delivery& delivery, providers::ContinuedStream& rest,
                       const providers::Usage& usage, bool stopped, providers::Body& out) {
  std::string text;
  auto taken = rest.take(out.str(), usage, stopped, text);
  out.clear();
  if (!taken) delivery.circuit.answered();
  if (!taken || text.empty()) return taken;
  const config::Target& target = delivery.call.target;
  if (!delivery.attempt.content_flowed()) {
    out.own(fmt::format(": rescued by {}/{}\n\n", target.provider.view(), target.model));
  }
  out.own(text);
  return {};
}

// Before the last byte leaves: what the client has, the record has.
void settle(const Delivery& delivery, const providers::StreamDecoder& decoder, bool stopped) {
  delivery.circuit.answered();
  if (delivery.departure.draining()) {
    delivery.attempt.drained(decoder.usage());
  } else if (stopped) {
    delivery.attempt.stopped();
  } else {
    delivery.attempt.ok(decoder.usage());
  }
}

config::Error too_long() {
  return config::failure(config::ErrorCode::upstream_garbled,
                         "The upstream's answer is larger than this gateway relays.",
                         "a stream put together, over the size cap");
}

config::Error nobody_there() {
  return config::failure(config::ErrorCode::client_left,
                         "The client left before the answer was whole.", "read to its end");
}

Awaitable<Result<std::string_view>> read_whole(const Delivery& delivery) {
  const Waiting upstream(delivery.request);
  co_return co_await delivery.upstream.read_all(kMaxWholeAnswer);
}

// An answer as the client asked for it; nobody else answers any more.
Awaitable<Result<void>> deliver(Delivery delivery, providers::Completion completion,
                                providers::Body stream) {
  delivery.attempt.upstream_names(completion.upstream_model, completion.upstream_id);
  if (delivery.rest != nullptr) {
    auto follows = follow_on(delivery, *delivery.rest, completion.usage, false, stream);
    if (!follows) co_return follows;
  }
  delivery.circuit.answered();
  if (delivery.departure.draining()) {
    delivery.attempt.drained(completion.usage);
    co_return nobody_there();
  }
  // Settled before the last byte leaves: what the client has, the record has.
  delivery.attempt.first_content();
  delivery.attempt.ok(completion.usage);
  announce(delivery);
  delivery.explained.answers(delivery.call.chat.stream ? stream : completion.body,
                             delivery.call.chat.stream);
  if (const auto& cost = delivery.request.spent().amount; cost && !delivery.reply.committed()) {
    delivery.reply.add_header("x-tollgate-cost-usd", config::to_usd(*cost));
  }
  Waiting client(delivery.request);
  if (delivery.call.chat.stream) co_return co_await delivery.reply.finish_stream(stream);
  co_return co_await delivery.reply.send(200, "application/json", completion.body);
}

struct Decoded {
  providers::Completion completion;
  providers::Body stream;  // the same, where one was asked for
};

Result<Decoded> decode_whole(const Delivery& delivery, std::string_view bytes) {
  auto completion = delivery.adapter.decode(delivery.call, delivery.head, bytes);
  if (!completion) {
    note_verdict(delivery, completion.error());
    delivery.attempt.told(delivery.adapter.usage_in(delivery.call, delivery.head, bytes));
    return completion.error();
  }
  Decoded out;
  if (delivery.call.chat.stream) {
    auto stream = providers::stream_from_completion(delivery.call, *completion);
    if (!stream) return stream.error();
    out.stream = *std::move(stream);
  }
  out.completion = *std::move(completion);
  return out;
}

Awaitable<Result<void>> deliver_decoded(Delivery delivery, std::string_view bytes) {
  auto decoded = decode_whole(delivery, bytes);
  if (!decoded) co_return decoded.error();
  if (!delivery.contest.wins_alone()) {
    delivery.attempt.told(decoded->completion.usage);
    auto won = co_await delivery.contest.win();
    if (!won) co_return won;
    // What the others have cost is known only now, and stands in the answer.
    decoded = decode_whole(delivery, bytes);
    if (!decoded) co_return decoded.error();
  }
  Decoded answer = *std::move(decoded);
  co_return co_await deliver(delivery, std::move(answer.completion), std::move(answer.stream));
}

// The first byte that is no blank; 0: there is none yet.
char first_of(std::string_view bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? '\0' : bytes[first];
}

// An answer that only calls itself a stream, of which `begin` was read.
Awaitable<Result<void>> relay_misnamed(Delivery delivery, std::string begin) {
  const auto rest = co_await read_whole(delivery);
  if (!rest) co_return rest.error();
  begin += *rest;
  begin.reserve(begin.size() + simdjson::SIMDJSON_PADDING);
  co_return co_await deliver_decoded(delivery, begin);
}

}  // namespace

Awaitable<Result<void>> relay_whole(Delivery delivery) {
  const auto bytes = co_await read_whole(delivery);
  if (!bytes) co_return bytes.error();
  co_return co_await deliver_decoded(delivery, *bytes);
}

AsStream::AsStream(const providers::Adapter& adapter, const providers::Call& asked,
                   const providers::AnswerHead& head)
    : chat_(asked.chat),
      call_{.chat = chat_,
            .target = asked.target,
            .json = asked.json,
            .allow_upstream_extras = asked.allow_upstream_extras,
            .allowed_models = asked.allowed_models,
            .key = asked.key,
            .spent = asked.spent} {
  chat_.stream = true;
  chat_.include_usage = true;
  decoder_ = adapter.open_stream(call_, head);
}

Awaitable<Result<void>> relay_stream_as_whole(Delivery delivery, AsStream& asked) {
  providers::StreamDecoder& decoder = asked.decoder();
  providers::CompletionFromStream answer;
  providers::SseParser parser;
  providers::Body out;
  char begins = '\0';
  bool ended = false;
  while (!ended) {
    auto bytes = Result<std::string_view>(std::string_view{});
    {
      const Waiting upstream(delivery.request);
      bytes = co_await delivery.upstream.read_some();
    }
    if (!bytes) co_return bytes.error();
    if (begins == '\0') {
      begins = first_of(*bytes);
      if (begins == '{') co_return co_await relay_misnamed(delivery, std::string(*bytes));
    }
    delivery.attempt.watch(decoder);
    auto [decoded, stopped, last] = decode_bytes(delivery, parser, decoder, *bytes, out);
    ended = last;
    if (decoded) decoded = answer.add(out.str());
    if (decoded && decoder.delivered_bytes() > kMaxWholeAnswer) decoded = too_long();
    if (!decoded) {
      if (decoder.delivered_bytes() == 0) note_verdict(delivery, decoded.error());
      co_return decoded.error();
    }
  }
  if (!delivery.contest.wins_alone()) {
    auto won = co_await delivery.contest.win();
    if (!won) co_return won;
  }
  out.clear();
  decoder.end(out);
  if (auto added = answer.add(out.str()); !added) co_return added.error();
  co_return co_await deliver(delivery, answer.finish(asked.call(), decoder), providers::Body{});
}

Awaitable<Result<void>> relay_stream(Delivery delivery, providers::StreamDecoder& decoder) {
  delivery.attempt.watch(decoder);
  Meter& request = delivery.request;
  delivery.patience.content_due_after(delivery.call.target.timeouts.first_content);
  providers::SseParser parser;
  providers::Body out;
  bool ended = false;
  while (!ended) {
    auto bytes = Result<std::string_view>(std::string_view{});
    {
      Waiting upstream(request);
      bytes = co_await delivery.upstream.read_some();
    }
    if (!bytes) co_return bytes.error();

    auto [decoded, stopped, last] = decode_bytes(delivery, parser, decoder, *bytes, out);
    ended = last;
    const bool comes = decoded && (ended || !out.empty());
    if (comes && !delivery.contest.wins_alone()) {
      auto won = co_await delivery.contest.win();
      if (!won) co_return won;
    }
    if (decoded && ended) decoder.end(out);
    if (delivery.rest != nullptr) {
      auto follows = follow_on(delivery, *delivery.rest, decoder.usage(), stopped, out);
      if (decoded) decoded = follows;
    }
    if (!decoded) note_verdict(delivery, decoded.error());
    if (decoded && out.empty()) decoded = delivery.patience.in_time();
    // An error that arrives together with the first content is still early: nothing
    // has been shown, so another target may answer instead.
    if (!decoded && !request.content_shown()) co_return decoded.error();
    if (!out.empty()) {
      delivery.attempt.first_content();
      delivery.patience.content_came();
      if (!delivery.departure.draining()) announce(delivery);
    }
    if (decoded && ended) {
      delivery.attempt.upstream_names({}, decoder.upstream_id());
      settle(delivery, decoder, stopped);
      delivery.explained.answers(out, true);
    }
    if (!delivery.departure.draining()) {
      auto written = Result<void>();
      if (out.empty()) {
        written = co_await delivery.signs.speak();
      } else {
        Waiting client(request);
        written = decoded && ended ? co_await delivery.reply.finish_stream(out)
                                   : co_await delivery.reply.stream(out);
        delivery.signs.heard();
      }
      if (!written) {
        delivery.departure.noticed();
        if (!delivery.departure.draining()) co_return written.error();
      }
    }
    if (!decoded) co_return decoded.error();
  }
  if (delivery.departure.draining()) co_return nobody_there();
  co_return Result<void>{};
}

}  // namespace gateway::chat
