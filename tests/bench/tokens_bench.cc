// What counting costs: exactly, for texts of several kinds and sizes, and at a glance, as on
// every request.

#include <string>

#include <benchmark/benchmark.h>

#include "providers/quick_estimate.h"
#include "providers/tokens/cl100k.h"

namespace providers {
namespace {

enum Kind { prose, code, chinese, one_letter };
constexpr std::string_view kUnits[] = {
    "It's the gateway's job to count what was said, and we'll be told if it doesn't. ",
    "for (std::size_t i = 0; i < size; ++i) {\n  sum[i] += at(i) * 0x7fff;  // never above\n}\n",
    "明天把一个小包裹寄到我昨天给你的地址要多少钱？太贵了！",
    "a",
};

std::string text_of(std::int64_t kind, std::int64_t size) {
  std::string text;
  while (static_cast<std::int64_t>(text.size()) < size) text += kUnits[kind];
  return text;
}

void count_exactly(benchmark::State& state) {
  const auto text = text_of(state.range(0), state.range(1));
  std::int64_t tokens = 0;
  for (auto _ : state) benchmark::DoNotOptimize(tokens = cl100k::count(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(state.iterations() * tokens),
                                                  benchmark::Counter::kIsRate);
}
BENCHMARK(count_exactly)
    ->ArgNames({"kind", "bytes"})
    ->ArgsProduct({{prose, code, chinese}, {1024, 100 * 1024}})
    ->Args({one_letter, 1024})
    ->Args({one_letter, 1024 * 1024});

void look_at_a_prompt(benchmark::State& state) {
  std::string messages =
      R"([{"role":"user","content":")" + text_of(state.range(0), state.range(1)) + "\"}]";
  for (char& c : messages) c = c == '\n' ? ' ' : c;
  JsonDocument document;
  if (!document.read(messages)) return state.SkipWithError("no JSON");
  for (auto _ : state) benchmark::DoNotOptimize(quick_prompt_tokens({document.root()}, 0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(messages.size()));
}
BENCHMARK(look_at_a_prompt)
    ->ArgNames({"kind", "bytes"})
    ->ArgsProduct({{prose, code, chinese}, {1024, 100 * 1024}});

}  // namespace
}  // namespace providers
