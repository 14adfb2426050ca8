#include "providers/openai_shape.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "providers/openai_answer.h"
#include "providers/openai_parameters.h"
#include "providers/openai_stream.h"
#include "providers/upstream_error.h"

namespace providers {
namespace {

using config::Result;

std::string_view path_of(Operation operation) {
  switch (operation) {
    case Operation::completions:
      return "/completions";
    case Operation::embeddings:
      return "/embeddings";
    case Operation::chat:
      break;
  }
  return "/chat/completions";
}

Result<void> check_operation(const Call& call) {
  const config::Capabilities& can = call.target.can;
  const auto refuse = [&](std::string_view what) {
    return config::unsupported_parameter(
        fmt::format("The model '{}' does not serve {}.", call.chat.model, what), "model");
  };
  switch (call.chat.operation) {
    case Operation::chat:
      if (!can.chat) return refuse("chat completions");
      break;
    case Operation::completions:
      if (!can.completions) return refuse("completions");
      break;
    case Operation::embeddings:
      if (!can.embeddings) return refuse("embeddings");
      break;
  }
  return {};
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

void set_header(UpstreamRequest& request, std::string_view name, std::string_view value) {
  for (auto& [existing, old] : request.headers) {
    if (!same_name(existing, name)) continue;
    old = value;
    return;
  }
  request.headers.emplace_back(name, value);
}

// What an operator's file asks of a target that splicing cannot give: messages and
// tools go up as they came.
std::string_view reshaping(const config::CapabilityOverrides& overrides) {
  const config::Capabilities can = overrides.over({});
  if (can.system_role != config::SystemRole::pass) return "system_role";
  if (can.tools_style != config::ToolsStyle::openai) return "tools_style";
  if (can.tool_results != config::ToolResults::tool_role) return "tool_results";
  if (can.media_style != config::MediaStyle::object) return "media_style";
  if (can.stream_text != config::StreamText::delta) return "stream_text";
  if (can.alternating_roles) return "alternating_roles";
  return {};
}

}  // namespace

Result<config::Capabilities> OpenAiShape::capabilities(const config::Target& target) const {
  if (!target.preset.empty()) {
    return config::invalid_request(
        fmt::format("kind '{}' has no preset \"{}\"", target.kind, target.preset));
  }
  if (const auto name = reshaping(target.overrides); !name.empty()) {
    return config::invalid_request(
        fmt::format("kind '{}' sends messages as they came and cannot change '{}'; kind 'reka' can",
                    target.kind, name));
  }
  return config::Capabilities{};
}

Result<UpstreamRequest> OpenAiShape::encode(const Call& call) const {
  if (auto ok = check_operation(call); !ok) return ok.error();
  RequestDraft draft(call.chat, call.json.edits);
  if (call.chat.operation == Operation::chat) {
    if (auto ok = check_features(call, dialect_); !ok) return ok.error();
    if (auto ok = modernise_functions(call, draft); !ok) return ok.error();
    apply_messages(call, dialect_, draft);
  }
  if (auto ok = apply_parameters(call, dialect_, draft); !ok) return ok.error();
  if (auto ok = amend(call, draft); !ok) return ok.error();
  apply_extra_body(call, draft);
  draft.set("model", call.target.quoted_model);

  constexpr std::size_t kUsualHeaders = 6;
  UpstreamRequest request;
  request.headers.reserve(kUsualHeaders + call.target.extra_headers.size());
  request.path.append(call.target.base_url.path).append(path_of(call.chat.operation));
  request.streamed = draft.find("stream") == "true";
  if (const auto key = call.api_key().reveal(); !key.empty()) {
    request.headers.emplace_back("authorization", "Bearer ").second.append(key);
  }
  request.headers.emplace_back("content-type", "application/json");
  request.headers.emplace_back("accept",
                               request.streamed ? "text/event-stream" : "application/json");
  add_headers(call, request);
  for (const auto& [name, value] : call.target.extra_headers) set_header(request, name, value);
  draft.write(request.body);
  request.dropped = draft.dropped();
  return request;
}

Result<Completion> OpenAiShape::decode(const Call& call, const AnswerHead& head,
                                       std::string_view body) const {
  return decode_openai_answer(call, head, body, dialect_);
}

Usage OpenAiShape::usage_in(const Call& call, const AnswerHead& head, std::string_view body) const {
  return usage_in_openai_answer(call, head, body, dialect_);
}

config::Error OpenAiShape::decode_error(const Call& call, const AnswerHead& head,
                                        std::string_view body) const {
  return upstream_error(call, head, body);
}

std::unique_ptr<StreamDecoder> OpenAiShape::open_stream(const Call& call,
                                                        const AnswerHead& head) const {
  return std::make_unique<OpenAiStream>(call, head, dialect_);
}

Result<void> OpenAiShape::amend(const Call&, RequestDraft&) const {
  return {};
}

void OpenAiShape::add_headers(const Call&, UpstreamRequest&) const {}

}  // namespace providers
