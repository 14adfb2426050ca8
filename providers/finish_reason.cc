#include "providers/finish_reason.h"

#include <algorithm>
#include <array>

#include "providers/wire/json_names.h"

namespace providers {
namespace {

struct Row {
  std::string_view upstream;
  std::string_view client;
};

constexpr std::array kReasons{
    Row{"stop", "stop"},
    Row{"eos", "stop"},
    Row{"end_turn", "stop"},
    Row{"length", "length"},
    Row{"context", "length"},  // Reka: the context is full
    Row{"max_tokens", "length"},
    Row{"max_output_tokens", "length"},
    Row{"model_length", "length"},
    Row{"content_filter", "content_filter"},
    Row{"tool_calls", "tool_calls"},
    Row{"function_call", "function_call"},
};
constexpr JsonNames kUpstream([] {
  std::array<std::string_view, kReasons.size()> names;
  std::ranges::transform(kReasons, names.begin(), &Row::upstream);
  return names;
}());

}  // namespace

Finish finish_of(std::string_view upstream, bool has_tool_calls) {
  if (upstream == "error" || upstream == "abort") return {"", true, true};
  const std::size_t row = kUpstream.find(upstream);
  Finish finish{"stop", upstream.empty(), false};
  if (row != kUpstream.kNone) finish = {kReasons[row].client, true, false};
  if (has_tool_calls && finish.reason == "stop") finish.reason = "tool_calls";
  return finish;
}

}  // namespace providers
