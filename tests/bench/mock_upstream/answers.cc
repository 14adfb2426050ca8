#include "tests/bench/mock_upstream/answers.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace bench {
namespace {

constexpr std::string_view kModel = "\"model\":\"bench-";

constexpr std::string_view kFields =
    "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
    "Server: mock\r\n"
    "x-request-id: req_0123456789abcdef0123456789abcdef\r\n"
    "openai-processing-ms: 1\r\n"
    "openai-version: 2020-10-01\r\n"
    "x-ratelimit-limit-requests: 100000\r\n"
    "x-ratelimit-remaining-requests: 99999\r\n"
    "Cache-Control: no-store\r\n";

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string event(std::string_view choices, std::string_view usage = "null") {
  return fmt::format(
      "data: "
      "{{\"id\":\"chatcmpl-B0123456789abcdefghijklmnop\",\"object\":\"chat.completion.chunk\","
      "\"created\":1795348800,\"model\":\"bench-0000\",\"choices\":{},\"usage\":{}}}\n\n",
      choices, usage);
}

std::string content(std::string_view text) {
  return event(
      fmt::format("[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}},\"logprobs\":null,"
                  "\"finish_reason\":null}}]",
                  text));
}

}  // namespace

ModelDigits model_asked(std::string_view beginning_of_body) {
  ModelDigits digits{'0', '0', '0', '0'};
  const auto found = beginning_of_body.find(kModel);
  if (found == beginning_of_body.npos) return digits;
  const auto text = beginning_of_body.substr(found + kModel.size(), digits.size());
  if (text.size() == digits.size()) std::ranges::copy(text, digits.begin());
  return digits;
}

Answer::Answer(std::string bytes) : bytes_(std::move(bytes)) {
  for (auto at = bytes_.find(kModel); at != bytes_.npos; at = bytes_.find(kModel, at + 1))
    places_.push_back(at + kModel.size());
}

std::string_view Answer::about(ModelDigits model) {
  for (const auto place : places_)
    std::ranges::copy(model, bytes_.begin() + static_cast<std::ptrdiff_t>(place));
  return bytes_;
}

Answer whole_answer(std::size_t body_bytes) {
  const std::string_view before =
      "{\"id\":\"chatcmpl-B0123456789abcdefghijklmnop\",\"object\":\"chat.completion\","
      "\"created\":1795348800,\"model\":\"bench-0000\",\"choices\":[{\"index\":0,\"message\":"
      "{\"role\":\"assistant\",\"content\":\"";
  const std::string_view after =
      "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":"
      "{\"prompt_tokens\":200,\"completion_tokens\":150,\"total_tokens\":350}}";
  std::string text;
  const std::size_t around = before.size() + after.size();
  while (around + text.size() < body_bytes) text += "The capital of France is Paris. ";
  if (around < body_bytes) text.resize(body_bytes - around);
  if (text.ends_with(' ')) text.back() = '.';
  return Answer(fmt::format(
      "HTTP/1.1 200 OK\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}{}{}",
      kFields, around + text.size(), before, text, after));
}

StreamParts stream_parts() {
  const std::string role = event(
      "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},"
      "\"logprobs\":null,\"finish_reason\":null}]");
  StreamParts parts;
  parts.opening =
      Answer(fmt::format("HTTP/1.1 200 OK\r\n{}Content-Type: text/event-stream; charset=utf-8\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n{}",
                         kFields, chunk(role + content(" Paris"))));
  parts.event = Answer(chunk(content(" and")));
  parts.closing = Answer(
      chunk(event("[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]") +
            event("[]", "{\"prompt_tokens\":200,\"completion_tokens\":150,\"total_tokens\":350}") +
            "data: [DONE]\n\n") +
      "0\r\n\r\n");
  return parts;
}

}  // namespace bench
