#include <array>

#include "tests/support/upstream_simulator/apply_faults.h"

namespace simulator {
namespace {

constexpr std::size_t kLargeBody = 64U << 20U;
constexpr std::size_t kDepth = 100'000;

struct Fixed {
  std::size_t row;
  std::string_view type;
  std::string_view body;
};

// Answers whose body has nothing to do with the question.
constexpr std::array kFixed{
    Fixed{fault("error-200"), "application/json",
          R"({"error":{"code":502,"message":"Provider returned error","metadata":)"
          R"({"provider_name":"Reka"}},"user_id":"user_simulated"})"},
    Fixed{fault("error-200-choice"), "application/json",
          R"({"id":"gen-1","object":"chat.completion","created":1790000000,"model":"m",)"
          R"("choices":[{"index":0,"finish_reason":"error","message":{"role":"assistant",)"
          R"("content":""},"error":{"code":503,"message":"Provider overloaded","metadata":{}}}]})"},
    Fixed{fault("error-200-string"), "application/json", R"({"error":"the upstream went away"})"},
    Fixed{fault("error-200-no-code"), "application/json",
          R"({"error":{"message":"No capacity","error_type":"rate_limit_exceeded",)"
          R"("http_status":429,"availability":{"code":"capacity_exhausted","retryable":true,)"
          R"("retry_after":5},"metadata":{}}})"},
    Fixed{fault("empty-200"), "application/json", ""},
    Fixed{fault("garbage"), "application/json", "\x02\xff not json at all }{"},
    Fixed{fault("html-200"), "text/html", "<html><body>Welcome!</body></html>"},
    Fixed{fault("json-array"), "application/json", "[]"},
    Fixed{fault("json-null"), "application/json", "null"},
    Fixed{fault("no-choices"), "application/json",
          R"({"id":"x","object":"chat.completion","created":1790000000,"model":"m",)"
          R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})"},
    Fixed{fault("empty-choices"), "application/json",
          R"({"id":"x","object":"chat.completion","created":1790000000,"model":"m","choices":[],)"
          R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})"},
};

void replace(std::string& text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), with);
}

}  // namespace

void bend_body(Reply& reply, const Faults& faults, const Dialect&) {
  for (const auto& fixed : kFixed) {
    if (!faults.has(fixed.row)) continue;
    reply.content_type = fixed.type;
    reply.body = fixed.body;
    reply.streamed = false;
    reply.events.clear();
    return;
  }
  if (faults.has(fault("json-deep"))) {
    reply.streamed = false;
    reply.content_type = "application/json";
    reply.body = R"({"choices":)" + std::string(kDepth, '[') + std::string(kDepth, ']') + "}";
  }
  if (reply.streamed) return;
  if (faults.has(fault("json-cut"))) reply.body.resize(reply.body.size() / 2);
  if (faults.has(fault("json-trailing"))) reply.body += " and then some";
  if (faults.has(fault("padded-json"))) reply.body.insert(0, "\n  \n\n   \r\n\t\n");
  if (faults.has(fault("bad-utf8"))) replace(reply.body, "Grüße", "Gr\xff\xfe\xc3(e");
  if (faults.has(fault("large-body"))) replace(reply.body, "Grüße", std::string(kLargeBody, 'x'));
}

}  // namespace simulator
