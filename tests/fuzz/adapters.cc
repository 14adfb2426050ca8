#include "tests/fuzz/adapters.h"

#include <optional>
#include <stdexcept>
#include <utility>

#include <simdjson.h>

#include "providers/error_json.h"
#include "providers/registry.h"
#include "providers/wire/json_text.h"
#include "providers/wire/sse_parser.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/json_agreement.h"

namespace fuzz {
namespace {

// What a model's own server may need; each changes how answers are read.
std::vector<config::CapabilityOverrides> bundles() {
  config::CapabilityOverrides inline_reasoning;
  inline_reasoning.reasoning_tags = config::Words{"<reasoning>", "</reasoning>"};
  inline_reasoning.stop = config::Words{"<sep>"};
  inline_reasoning.completions = true;
  inline_reasoning.embeddings = true;
  inline_reasoning.several_choices = true;

  config::CapabilityOverrides narrow;
  narrow.system_role = config::SystemRole::fold_next;
  narrow.tools_style = config::ToolsStyle::flat;
  narrow.tool_results = config::ToolResults::user_text;
  narrow.media_style = config::MediaStyle::plain_text;
  narrow.stream_with_tools = false;
  narrow.alternating_roles = true;
  narrow.max_completion_tokens = false;
  narrow.stream_text = config::StreamText::delta;
  return {{}, inline_reasoning, narrow};
}

config::Target target_of(std::string_view kind, std::string_view preset) {
  config::Target target;
  target.kind = kind;
  target.preset = preset;
  target.model = kind == "reka_research" ? "reka-flash-research" : "upstream-model";
  target.quoted_model = providers::quoted(target.model);
  target.base_url.host = "upstream.example";
  target.base_url.host_header = "upstream.example";
  target.base_url.path = "/v1";
  target.api_key = config::Secret(std::string(kApiKey));
  target.provider = config::ProviderName(std::string(kind));
  target.name = config::TargetName(std::string(kind) + "/" + target.model);
  return target;
}

constexpr std::string_view kRequests[][2] = {
    {"whole", R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"},
    {"stream", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})"},
    {"stream-usage", R"({"model":"m","stream":true,"stream_options":{"include_usage":true},)"
                     R"("messages":[{"role":"user","content":"hi"}]})"},
    {"tools", R"({"model":"m","messages":[{"role":"user","content":"hi"}],)"
              R"("tools":[{"type":"function","function":{"name":"f","parameters":{}}}]})"},
    {"stream-tools", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],)"
                     R"("tools":[{"type":"function","function":{"name":"f","parameters":{}}}]})"},
    {"stream-functions",
     R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],)"
     R"("functions":[{"name":"f","parameters":{}}]})"},
    {"several", R"({"model":"m","n":2,"stream":true,"messages":[{"role":"user","content":"hi"}]})"},
    {"completions", R"({"model":"m","prompt":"hi"})"},
    {"completions-stream", R"({"model":"m","prompt":"hi","stream":true})"},
    {"embeddings", R"({"model":"m","input":"hi"})"},
};

providers::Operation operation_of(std::string_view name) {
  if (name.starts_with("completions")) return providers::Operation::completions;
  if (name.starts_with("embeddings")) return providers::Operation::embeddings;
  return providers::Operation::chat;
}

}  // namespace

const std::vector<AdapterUnderTest>& adapters() {
  static const auto all = [] {
    std::vector<AdapterUnderTest> out;
    for (const std::string_view kind : providers::kinds()) {
      for (const std::string_view preset : {"", "classic", "current"}) {
        const providers::Adapter* adapter = providers::find_adapter(kind);
        config::Target target = target_of(kind, preset);
        for (const config::CapabilityOverrides& overrides : bundles()) {
          target.overrides = overrides;
          // A configuration this kind refuses is none to fuzz.
          const auto can = adapter->capabilities(target);
          if (!can) continue;
          target.can = overrides.over(*can);
          out.push_back({adapter, target});
        }
      }
    }
    return out;
  }();
  return all;
}

const std::vector<Asked>& requests() {
  static const auto all = [] {
    std::vector<Asked> out(std::size(kRequests));
    for (std::size_t i = 0; i < out.size(); ++i) {
      Asked& asked = out[i];
      asked.name = kRequests[i][0];
      asked.bytes = std::string(kRequests[i][1]) + std::string(simdjson::SIMDJSON_PADDING, '\0');
      const std::string_view body = std::string_view(asked.bytes).substr(0, kRequests[i][1].size());
      auto chat = providers::read_chat_request(workspace(), operation_of(asked.name), body);
      if (!chat) throw std::logic_error(chat.error().message);
      asked.chat = *std::move(chat);
      asked.chat.answer_id = "chatcmpl-fuzz";
      asked.chat.created = 1'790'000'000;
    }
    return out;
  }();
  return all;
}

providers::JsonWorkspace& workspace() {
  static providers::JsonWorkspace json;
  return json;
}

Padded::Padded(std::string_view text) : size_(text.size()) {
  bytes_.reserve(size_ + simdjson::SIMDJSON_PADDING);
  bytes_.append(text);
  bytes_.append(simdjson::SIMDJSON_PADDING, '\0');
}

void check_error(const config::Error& error) {
  FUZZ_CHECK(!error.message.empty(), "an error without words");
  FUZZ_CHECK(error.message.size() < 16 * 1024, error.message);
  FUZZ_CHECK(error.http_status() >= 400 && error.http_status() < 600, error.message);
  check_is_json(providers::error_json(error), "error");
}

void check_key_hidden(const config::Error& error) {
  for (const std::string& text : {error.message, error.detail, error.param, error.upstream_code}) {
    FUZZ_CHECK(text.find(kApiKey) == std::string::npos, text);
  }
}

void check_client_stream(std::string_view stream, bool whole) {
  providers::SseParser parser;
  parser.feed(stream);
  bool done = false;
  while (const auto event = parser.next()) {
    FUZZ_CHECK(!done, stream);
    if (event->data == "[DONE]") {
      done = true;
    } else {
      check_is_json(event->data, "event");
    }
  }
  FUZZ_CHECK(!parser.finish(), stream);
  FUZZ_CHECK(done == whole, stream);
}

}  // namespace fuzz
