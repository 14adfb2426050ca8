// An upstream's answer as any bytes, to each adapter: what the client gets is JSON, or
// an error in words; a stream means the same however its bytes arrive.

#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "providers/completion_from_stream.h"
#include "providers/wire/sse_parser.h"
#include "tests/fuzz/adapters.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/json_agreement.h"

namespace {

using providers::AnswerHead;
using providers::Body;
using providers::Call;
using providers::SseEvent;
using providers::SseParser;
using providers::Usage;

void check_error(const config::Error& error) {
  fuzz::check_error(error);
  fuzz::check_key_hidden(error);
}

std::string describe(const Usage& usage) {
  const auto count = [](const std::optional<std::int64_t>& value) {
    return value ? fmt::to_string(*value) : std::string("-");
  };
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {}", count(usage.prompt),
                     count(usage.cached_read), count(usage.cached_write), count(usage.audio_input),
                     count(usage.image_input), count(usage.completion), count(usage.reasoning),
                     count(usage.audio_output), to_string(usage.tokens), usage.reported_cost_text,
                     usage.suspect);
}

// No count is negative, no cost either, whatever an upstream says.
void check_usage(const Usage& usage) {
  for (const auto& count :
       {usage.prompt, usage.cached_read, usage.cached_write, usage.audio_input, usage.image_input,
        usage.completion, usage.reasoning, usage.audio_output}) {
    FUZZ_CHECK(!count || *count >= 0, describe(usage));
  }
  FUZZ_CHECK(!usage.reported_cost || usage.reported_cost->value >= 0, describe(usage));
  const auto cost = providers::cost_of(usage, nullptr);
  FUZZ_CHECK(!cost.amount || cost.amount->value >= 0, describe(usage));
}

struct Outcome {
  std::string text;
  std::string error;
  std::string usage;
  std::string upstream_id;
  std::size_t delivered = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome run_stream(const fuzz::AdapterUnderTest& under_test, const Call& call,
                   const AnswerHead& head, std::string_view stream, fuzz::Cut cut) {
  SseParser parser;
  Body body;
  std::string text;
  std::optional<config::Error> error;
  const auto decoder = under_test.adapter->open_stream(call, head);
  const auto take = [&](const SseEvent& event) {
    if (decoder->done() || error) return;
    if (auto ok = decoder->decode(event, body); !ok) error = ok.error();
  };
  fuzz::for_each_piece(stream, cut, [&](const std::string& piece) {
    parser.feed(piece);
    while (const auto event = parser.next()) take(*event);
    text += body.str();
    body.clear();
    return true;
  });
  if (const auto event = parser.finish()) take(*event);
  if (!error) {
    if (auto ok = decoder->finish(body); !ok) error = ok.error();
  }
  if (!error) {
    decoder->end(body);
  }
  text += body.str();
  if (error) check_error(*error);
  fuzz::check_client_stream(text, !error);
  check_usage(decoder->usage());
  return {std::move(text), error ? error->message : "", describe(decoder->usage()),
          decoder->upstream_id(), decoder->delivered_bytes()};
}

void check_stream(const fuzz::AdapterUnderTest& under_test, const Call& call,
                  const AnswerHead& head, std::string_view stream) {
  const Outcome whole = run_stream(under_test, call, head, stream, fuzz::Cut::whole);
  // Cutting after every byte costs as much as all else together: one input in four.
  const bool everywhere = std::hash<std::string_view>{}(stream) % 4 == 0;
  const auto cut = everywhere ? fuzz::Cut::bytes : fuzz::Cut::pieces;
  FUZZ_CHECK(run_stream(under_test, call, head, stream, cut) == whole, whole.text);
  // As where a whole answer was asked for.
  if (!call.chat.include_usage || !whole.error.empty()) return;
  const auto decoder = under_test.adapter->open_stream(call, head);
  providers::CompletionFromStream answer;
  FUZZ_CHECK(answer.add(whole.text).has_value(), whole.text);
  fuzz::check_is_json(answer.finish(call, *decoder).body.str(), under_test.target.kind);
}

void check_whole(const fuzz::AdapterUnderTest& under_test, const Call& call, const AnswerHead& head,
                 std::string_view answer) {
  const fuzz::Padded body(answer);
  const auto completion = under_test.adapter->decode(call, head, body.view());
  if (!completion) {
    check_error(completion.error());
    return;
  }
  check_usage(completion->usage);
  fuzz::check_is_json(completion->body.str(), under_test.target.kind);
  if (!call.chat.stream) return;
  const auto stream = providers::stream_from_completion(call, *completion);
  if (!stream) {
    check_error(stream.error());
    return;
  }
  fuzz::check_client_stream(stream->str(), true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view answer = fuzz::view(data, size);
  const auto& adapters = fuzz::adapters();
  const auto& requests = fuzz::requests();
  const auto& under_test = adapters[fuzz::choose(answer, adapters.size())];
  const auto& asked = requests[fuzz::choose(answer, requests.size())];
  constexpr int kStatuses[] = {200, 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 302};
  const int status = kStatuses[fuzz::choose(answer, std::size(kStatuses))];

  const Call call{.chat = asked.chat, .target = under_test.target, .json = fuzz::workspace()};
  const auto request = under_test.adapter->encode(call);
  if (!request) return 0;

  const std::pair<std::string_view, std::string_view> fields[] = {
      {"content-type", "application/json"},
      {"retry-after", "2"},
      {"x-litellm-response-cost", "0.0000123"},
      {"X-Generation-Id", "gen-1"},
  };
  const AnswerHead head{.status = status, .fields = fields};
  if (status != 200) {
    const fuzz::Padded body(answer);
    check_error(under_test.adapter->decode_error(call, head, body.view()));
  } else if (request->streamed && !answer.starts_with('{')) {
    check_stream(under_test, call, head, answer);
  } else {
    check_whole(under_test, call, head, answer);
  }
  return 0;
}
