#include "providers/finish_reason.h"

namespace providers {
namespace {

struct Row {
  std::string_view upstream;
  std::string_view client;
};

constexpr Row kReasons[] = {
    {"stop", "stop"},
    {"", "stop"},
    {"eos", "stop"},
    {"end_turn", "stop"},
    {"length", "length"},
    {"context", "length"},  // Reka: the context is full
    {"max_tokens", "length"},
    {"max_output_tokens", "length"},
    {"model_length", "length"},
    {"content_filter", "content_filter"},
    {"tool_calls", "tool_calls"},
    {"function_call", "function_call"},
};

}  // namespace

Finish finish_of(std::string_view upstream, bool has_tool_calls) {
  if (upstream == "error" || upstream == "abort") return {"", true, true};
  Finish finish{"stop", false, false};
  for (const Row& row : kReasons) {
    if (row.upstream == upstream) finish = {row.client, true, false};
  }
  if (has_tool_calls && finish.reason == "stop") finish.reason = "tool_calls";
  return finish;
}

}  // namespace providers
