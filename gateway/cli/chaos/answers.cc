#include "gateway/cli/chaos/answers.h"

#include <cstdint>

#include <fmt/format.h>

namespace gateway::cli::chaos {
namespace {

enum class Shape : std::uint8_t { chat, completions, embeddings, responses };

Shape shape_of(std::string_view path) {
  if (path.ends_with("/chat/completions")) return Shape::chat;
  if (path.ends_with("/completions")) return Shape::completions;
  if (path.ends_with("/embeddings")) return Shape::embeddings;
  return Shape::responses;
}

constexpr std::string_view kUsage =
    R"("usage":{"prompt_tokens":8,"completion_tokens":8,"total_tokens":16})";

std::string choice(Shape shape, std::string_view holder, std::string_view text,
                   std::string_view finish) {
  const std::string said =
      shape == Shape::completions
          ? fmt::format(R"("text":"{}")", text)
          : fmt::format(R"("{}":{{"role":"assistant","content":"{}"}})", holder, text);
  return fmt::format(R"({{"index":0,{},"finish_reason":{}}})", said, finish);
}

std::string openai(Shape shape, bool chunk, std::string_view choices, std::string_view usage) {
  const std::string_view object = shape == Shape::completions ? "text_completion"
                                  : chunk                     ? "chat.completion.chunk"
                                                              : "chat.completion";
  return fmt::format(
      R"({{"id":"drill","object":"{}","created":1,"model":"drill","choices":[{}]{}}})", object,
      choices, usage.empty() ? "" : fmt::format(",{}", usage));
}

// The older shape, whose chunks hold all that was said so far.
std::string responses(std::string_view holder, std::string_view text, std::string_view finish) {
  return fmt::format(
      R"({{"id":"drill","model":"drill","responses":[{{"{}":{{"role":"assistant","content":"{}"}},)"
      R"("finish_reason":{}}}],"usage":{{"input_tokens":8,"output_tokens":8}}}})",
      holder, text, finish);
}

std::string event(std::string_view data) {
  return fmt::format("data: {}\n\n", data);
}

}  // namespace

bool Question::streamed() const {
  return body.find(R"("stream":true)") != std::string::npos ||
         body.find(R"("stream": true)") != std::string::npos;
}

std::string_view Question::said() const {
  const std::size_t word = kWords.find(' ');
  const auto at = body.find(fmt::format("\"{}", kWords.substr(0, word)));
  if (at == std::string::npos) return {};
  const std::string_view from = std::string_view(body).substr(at + 1);
  const std::string_view text = from.substr(0, from.find('"'));
  return kWords.starts_with(text) ? text : std::string_view();
}

std::string whole_answer(const Question& question) {
  const std::string_view text = kWords.substr(question.said().size());
  switch (const Shape shape = shape_of(question.path)) {
    case Shape::embeddings:
      return R"({"object":"list","model":"drill","data":[{"object":"embedding","index":0,)"
             R"("embedding":[0.5]}],"usage":{"prompt_tokens":8,"total_tokens":8}})";
    case Shape::responses:
      return responses("message", text, R"("stop")");
    case Shape::chat:
    case Shape::completions:
      return openai(shape, false, choice(shape, "message", text, R"("stop")"), kUsage);
  }
  return {};
}

std::vector<std::string> streamed_answer(const Question& question) {
  const Shape shape = shape_of(question.path);
  const std::string_view text = kWords.substr(question.said().size());
  std::vector<std::string> events;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at + 1), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end;
    events.push_back(event(shape == Shape::responses
                               ? responses("chunk", text.substr(0, end), "null")
                               : openai(shape, true, choice(shape, "delta", word, "null"), "")));
  }
  if (shape == Shape::responses) {
    events.push_back(event(responses("chunk", text, R"("stop")")));
    return events;
  }
  events.push_back(event(openai(shape, true, choice(shape, "delta", "", R"("stop")"), "")));
  events.push_back(event(openai(shape, true, "", kUsage)));
  events.push_back(event("[DONE]"));
  return events;
}

std::string_view failing_event() {
  return "data: {\"error\":{\"message\":\"it broke\",\"code\":503}}\n\n";
}

}  // namespace gateway::cli::chaos
