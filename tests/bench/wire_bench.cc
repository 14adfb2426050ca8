// What the wire costs on the way of a request: reading it, encoding it, decoding an answer,
// splitting and decoding a stream, pricing. With the allocations of each.

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "providers/registry.h"
#include "tests/support/operator_new.h"

namespace providers {
namespace {

std::string text_of(std::size_t size) {
  constexpr std::string_view kUnit =
      "The gateway counts what was said, and we will be told (by mail) if it doesn't. ";
  std::string text;
  while (text.size() < size) text += kUnit;
  text.resize(size);
  return text;
}

// A body, with the padding behind it that one off the wire has.
class Padded {
 public:
  explicit Padded(std::string text) : bytes_(std::move(text)), size_(bytes_.size()) {
    bytes_.append(simdjson::SIMDJSON_PADDING, '\0');
  }
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::string bytes_;
  std::size_t size_;
};

Padded request_of(std::int64_t size) {
  constexpr std::size_t kFrame = 150;
  return Padded(R"({"model":"m","messages":[{"role":"system","content":"You are helpful."},)"
                R"({"role":"user","content":")" +
                text_of(static_cast<std::size_t>(size) - kFrame) +
                R"("}],"temperature":0.7,"max_tokens":256})");
}

Padded answer_of(std::int64_t size) {
  constexpr std::size_t kFrame = 250;
  return Padded(
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m-x",)"
      R"("choices":[{"index":0,"message":{"role":"assistant","content":")" +
      text_of(static_cast<std::size_t>(size) - kFrame) +
      R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":120,)"
      R"("total_tokens":220}})");
}

std::vector<std::string> events_of(bool alike) {
  constexpr int kEvents = 200;
  std::vector<std::string> events;
  for (int i = 0; i < kEvents; ++i) {
    const auto number = std::to_string(i);
    events.push_back(R"(data: {"id":"cmpl-0123456789012345678901","object":)"
                     R"("chat.completion.chunk","created":1790000000,"model":"m-x","choices":)"
                     R"([{"index":0,"delta":{"content":" word)" +
                     number + R"("},"logprobs":null,"finish_reason":null}])" +
                     (alike ? "" : R"(,"event":)" + number) + "}\n\n");
  }
  return events;
}

// Reports the allocations of each turn of a loop, `items` of them in one.
class Allocations {
 public:
  explicit Allocations(benchmark::State& state, double items = 1) : state_(state), items_(items) {}
  ~Allocations() {
    const auto count = static_cast<double>(test::allocations() - before_);
    state_.counters["allocations"] = count / static_cast<double>(state_.iterations()) / items_;
  }
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;

 private:
  benchmark::State& state_;
  double items_;
  std::size_t before_ = test::allocations();
};

// A chat with a plain server.
struct Chat {
  explicit Chat(std::string_view body) {
    auto read = read_chat_request(json, Operation::chat, body);
    if (!read) std::abort();
    chat = *std::move(read);
    chat.answer_id = "chatcmpl-0123456789abcdef0123";
    target.kind = "openai";
    target.model = "m-x";
    target.quoted_model = "\"m-x\"";
    target.base_url.path = "/v1";
    target.can = *adapter.capabilities(target);
    config::Price price;
    price.input.value = 100'000;
    price.output.value = 400'000;
    target.price = price;
  }

  const Adapter& adapter = *find_adapter("openai");
  JsonWorkspace json;
  ChatRequest chat;
  config::Target target;
  const Call call{chat, target, json};
  const AnswerHead head{200, {}};
};

void read_a_request(benchmark::State& state) {
  const Padded body = request_of(state.range(0));
  JsonWorkspace json;
  const Allocations allocations(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_chat_request(json, Operation::chat, body.view()));
  }
}
BENCHMARK(read_a_request)->ArgName("bytes")->Arg(1024)->Arg(10 * 1024)->Arg(100 * 1024);

void encode_a_request(benchmark::State& state) {
  const Padded body = request_of(state.range(0));
  const Chat one(body.view());
  const Allocations allocations(state);
  for (auto _ : state) benchmark::DoNotOptimize(one.adapter.encode(one.call));
}
BENCHMARK(encode_a_request)->ArgName("bytes")->Arg(1024)->Arg(100 * 1024);

void decode_an_answer(benchmark::State& state) {
  const Padded body = request_of(1024);
  const Padded answer = answer_of(state.range(0));
  const Chat one(body.view());
  const Allocations allocations(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(one.adapter.decode(one.call, one.head, answer.view()));
  }
}
BENCHMARK(decode_an_answer)->ArgName("bytes")->Arg(1024)->Arg(100 * 1024);

// By the event.
void split_a_stream(benchmark::State& state) {
  const auto events = events_of(true);
  const Allocations allocations(state, static_cast<double>(events.size()));
  SseParser parser;
  for (auto _ : state) {
    for (const std::string& event : events) {
      parser.feed(event);
      while (const auto split = parser.next()) benchmark::DoNotOptimize(split->data.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events.size()));
}
BENCHMARK(split_a_stream);

// The same and decoded, where events differ in their text alone and where they do not.
void relay_a_stream(benchmark::State& state) {
  const auto events = events_of(state.range(0) != 0);
  const Padded body = request_of(1024);
  const Chat one(body.view());
  const auto decoder = one.adapter.open_stream(one.call, one.head);
  SseParser parser;
  Body out;
  const auto relay = [&] {
    for (const std::string& event : events) {
      out.clear();
      parser.feed(event);
      while (const auto split = parser.next()) {
        if (!decoder->decode(*split, out)) std::abort();
      }
      benchmark::DoNotOptimize(out.size());
    }
  };
  relay();
  const Allocations allocations(state, static_cast<double>(events.size()));
  for (auto _ : state) relay();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events.size()));
}
BENCHMARK(relay_a_stream)->ArgName("alike")->Arg(1)->Arg(0);

void price_an_answer(benchmark::State& state) {
  config::Price price;
  price.input.value = 100'000;
  price.output.value = 400'000;
  Usage usage;
  usage.prompt = 100;
  usage.completion = 120;
  usage.tokens = Source::reported;
  for (auto _ : state) benchmark::DoNotOptimize(cost_of(usage, &price));
}
BENCHMARK(price_an_answer);

}  // namespace
}  // namespace providers
