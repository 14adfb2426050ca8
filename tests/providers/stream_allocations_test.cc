// A relayed event must not allocate once the stream runs: counted by replacing the
// global operator new, which is why this is a program of its own.

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "providers/registry.h"
#include "tests/support/operator_new.h"

namespace providers {
namespace {

struct Stream {
  std::string_view kind;
  std::string_view model;
  std::string_view event;
};

class StreamAllocations : public testing::TestWithParam<Stream> {};

// `events` come by turns: one alone is known again by comparing, two are decoded each time.
void expect_none(const Stream& stream, const std::vector<std::string>& events) {
  const Adapter* adapter = find_adapter(stream.kind);
  ASSERT_NE(adapter, nullptr);
  JsonWorkspace json;
  ChatRequest chat;
  chat.model = "the-model-that-the-client-asked-for";
  chat.stream = true;
  chat.include_usage = true;
  chat.answer_id = "chatcmpl-1";
  config::Target target;
  target.kind = stream.kind;
  target.model = stream.model;
  auto can = adapter->capabilities(target);
  ASSERT_TRUE(can);
  target.can = *can;
  // The same event again has to hold something new each time.
  target.can.stream_text = config::StreamText::delta;
  const Call call{chat, target, json};
  const auto decoder = adapter->open_stream(call, AnswerHead{200, {}});

  SseParser parser;
  Body out;
  std::size_t turn = 0;
  const auto relay = [&] {
    out.clear();
    parser.feed(events[turn++ % events.size()]);
    while (const auto event = parser.next()) {
      if (!decoder->decode(*event, out)) std::abort();
    }
  };
  for (int warm_up = 0; warm_up < 16; ++warm_up) relay();
  const auto before = test::allocations();
  for (int i = 0; i < 1000; ++i) relay();
  EXPECT_EQ(test::allocations() - before, 0u);
  EXPECT_GT(out.size(), 100u);
}

TEST_P(StreamAllocations, AreNoneOnceTheStreamRuns) {
  expect_none(GetParam(), {std::string(GetParam().event)});
}

TEST_P(StreamAllocations, NorWhereNoEventIsLikeTheOneBefore) {
  const std::string event(GetParam().event);
  std::string other = event;
  other.insert(other.find('{') + 1, " ");
  expect_none(GetParam(), {event, other});
}

constexpr Stream kStreams[] = {
    {"openai", "m",
     "data: {\"id\":\"cmpl-0123456789012345678901\",\"object\":\"chat.completion.chunk\","
     "\"created\":1790000000,\"model\":\"RekaAI/reka-flash-3\",\"choices\":[{\"index\":0,"
     "\"delta\":{\"content\":\" Paris\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"},
    {"openrouter", "rekaai/reka-edge",
     ": OPENROUTER PROCESSING\n\ndata: {\"id\":\"gen-1790000000-0123456789abcdef\","
     "\"provider\":\"Reka\",\"model\":\"rekaai/reka-edge-20260320\",\"object\":"
     "\"chat.completion.chunk\",\"created\":1790000000,\"choices\":[{\"index\":0,\"delta\":"
     "{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"Cap\",\"reasoning_details\":"
     "[{\"type\":\"reasoning.text\",\"text\":\"Cap\",\"index\":0}]},\"finish_reason\":null,"
     "\"native_finish_reason\":null,\"logprobs\":null}]}\n\n"},
    {"haimaker", "rekaai/reka-flash-3",
     "data: {\"id\":\"chatcmpl-9b2e0123456789012345\",\"created\":1790000000,\"model\":"
     "\"reka-flash-3\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
     "{\"content\":\" Paris\"}}]}\n\n"},
    {"reka", "reka-flash-3",
     "data: {\"id\":\"chatcmpl-51a70123456789012345\",\"object\":\"chat.completion.chunk\","
     "\"created\":1790000000,\"model\":\"reka-flash-3\",\"choices\":[{\"index\":0,\"delta\":"
     "{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"Cap\"},"
     "\"finish_reason\":null}]}\n\n"},
    {"reka_chat", "reka-core",
     "data: {\"id\":\"7c1f0a52-5b1e-4f7e-9d8e-1f2a3b4c5d6e\",\"model\":\"reka-core\","
     "\"responses\":[{\"chunk\":{\"role\":\"assistant\",\"content\":\" Paris\\n\"},"
     "\"finish_reason\":null}],\"usage\":{\"input_tokens\":14,\"output_tokens\":1}}\n\n"},
    {"reka_research", "reka-flash-research",
     "data: {\"id\":\"0d9b6f0e-3f2f-4a53-8a38-7a9f1d0c2b11\",\"object\":"
     "\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"reka-flash-research\","
     "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\" Paris\"},"
     "\"finish_reason\":null}],\"usage\":null}\n\n"},
};

INSTANTIATE_TEST_SUITE_P(, StreamAllocations, testing::ValuesIn(kStreams),
                         [](const auto& info) { return std::string(info.param.kind); });

}  // namespace
}  // namespace providers
