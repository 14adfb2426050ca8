#include "providers/reka_chat_stream.h"

#include <utility>

#include "providers/openai_answer.h"
#include "providers/openai_parameters.h"
#include "providers/stopped_member.h"
#include "providers/upstream_error.h"
#include "providers/usage_json.h"
#include "providers/wire/json_writer.h"

namespace providers::reka {

using config::ErrorCode;
using config::Result;

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

NativeStream::NativeStream(const Call& call, const AnswerHead& head)
    : call_(call), head_(head), text_(call.target.can.stream_text) {}

Result<void> NativeStream::decode(const SseEvent& event, Body& out) {
  if (done_) return {};
  if (trimmed(event.data) == "[DONE]") {
    done_ = true;
    return {};
  }
  JsonDocument& document = call_.json.document;
  if (!document.read(event.data)) {
    // One broken event is skipped, a second is a broken stream.
    if (++unreadable_ < 2) return {};
    return config::failure(ErrorCode::upstream_garbled, "The upstream's stream is not JSON.",
                           std::string(to_string(document.fault())));
  }
  return read(document.root(), out);
}

Result<void> NativeStream::read(JsonValue root, Body& out) {
  if (is_refusal(root)) return upstream_error_inside(call_, head_, root);
  read_usage(root["usage"], usage_);
  if (upstream_id_.empty()) upstream_id_ = root["id"].text();

  const JsonValue response = root["responses"][0];
  const JsonValue chunk = response["chunk"] ? response["chunk"] : response["message"];
  const std::string finish = response["finish_reason"].text();
  if (finished_) return {};

  emit_text(text_.next(chunk["content"].text(storage_), !finish.empty()), out);
  merge_calls(read_calls(chunk["tool_calls"]));
  if (finish.empty()) return {};
  upstream_finish_ = finish;
  return emit_finish(out);
}

// A chunk's calls are complete, but whether later chunks repeat them was never seen:
// a call is known again by its id, or without one by its place and name.
void NativeStream::merge_calls(std::vector<AnsweredCall> calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    AnsweredCall* known = nullptr;
    for (std::size_t k = 0; k < calls_.size(); ++k) {
      const bool same = calls[i].id.empty() ? k == i && calls_[k].name == calls[i].name
                                            : calls_[k].id == calls[i].id;
      if (same) known = &calls_[k];
    }
    if (known != nullptr) {
      *known = std::move(calls[i]);
    } else {
      calls_.push_back(std::move(calls[i]));
    }
  }
}

Result<void> NativeStream::finish(Body& out) {
  if (!finished_) {
    // [DONE] behind content is a clean end without a reason; a mere close is none.
    const std::string_view rest = text_.rest();
    const bool empty = !begun_ && calls_.empty() && rest.empty();
    if (empty) {
      return config::failure(ErrorCode::upstream_garbled, "The upstream's stream holds no answer.");
    }
    if (!done_) {
      return config::failure(ErrorCode::upstream_garbled,
                             "The upstream's answer broke off before its end.",
                             "truncated: neither finish_reason nor [DONE]");
    }
    emit_text(rest, out);
    return emit_finish(out);
  }
  return {};
}

// Calls that are not complete yet are left out: nobody could run them.
void NativeStream::stop(std::string_view why, Body& out) {
  begin(out);
  if (!std::exchange(finished_, true)) {
    emit_choice(out, "{}", "length", {}, stopped_member(why));
  }
  done_ = true;
}

// Calls come with the finish.
std::optional<StreamDecoder::Frame> NativeStream::unfinished() const {
  if (!begun_ || finished_) return std::nullopt;
  return Frame{id_, std::to_string(call_.chat.created)};
}

void NativeStream::end(Body& out) {
  complete_usage(call_, delivered_, usage_);
  emit_usage(out);
  out.own("data: [DONE]\n\n");
  done_ = true;
}

void NativeStream::begin(Body& out) {
  if (std::exchange(begun_, true)) return;
  id_ = providers::quoted(upstream_id_.empty() ? call_.chat.answer_id : upstream_id_);
  prefix_ = "data: ";
  JsonWriter json(prefix_);
  json.begin_object();
  json.raw_member("id", id_);
  json.member("object", "chat.completion.chunk").member("created", call_.chat.created);
  json.member("model", call_.chat.model).key("choices");
  emit_choice(out, R"({"role":"assistant","content":""})", {});
}

void NativeStream::emit_text(std::string_view text, Body& out) {
  if (text.empty()) return;
  begin(out);
  delivered_.add(0, DeliveredText::Part::content, text);
  delta_ = R"({"content":)";
  append_quoted(delta_, text);
  delta_ += '}';
  emit_choice(out, delta_, {});
}

void NativeStream::emit_calls(Body& out) {
  // A client that gave functions is told of one call, whole.
  if (speaks_of_functions(call_.chat) && !calls_.empty()) {
    const AnsweredCall& made = calls_.front();
    add_delivered(made, delivered_);
    delta_.clear();
    JsonWriter json(delta_);
    json.begin_object().key("function_call").begin_object();
    json.member("name", made.name).member("arguments", made.arguments);
    json.end_object().end_object();
    return emit_choice(out, delta_, {});
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const AnsweredCall& made = calls_[i];
    add_delivered(made, delivered_);
    delta_.clear();
    JsonWriter first(delta_);
    first.begin_object().key("tool_calls").begin_array().begin_object().member("index", i);
    first.member("id", made.id.empty() ? minted_call_id(call_.chat, 0, i) : made.id);
    first.member("type", "function").key("function").begin_object();
    first.member("name", made.name).member("arguments", "").end_object();
    first.end_object().end_array().end_object();
    emit_choice(out, delta_, {});

    delta_.clear();
    JsonWriter second(delta_);
    second.begin_object().key("tool_calls").begin_array().begin_object().member("index", i);
    second.key("function").begin_object().member("arguments", made.arguments).end_object();
    second.end_object().end_array().end_object();
    emit_choice(out, delta_, {});
  }
}

Result<void> NativeStream::emit_finish(Body& out) {
  const Finish finish = native_finish(upstream_finish_, !calls_.empty());
  if (finish.failed) {
    return config::failure(ErrorCode::upstream_unavailable, "The upstream failed.",
                           "finish_reason " + upstream_finish_);
  }
  begin(out);
  emit_calls(out);
  const bool function = speaks_of_functions(call_.chat) && finish.reason == "tool_calls";
  emit_choice(out, "{}", function ? "function_call" : finish.reason,
              finish.known ? std::string_view() : upstream_finish_);
  finished_ = true;
  return {};
}

void NativeStream::emit_choice(Body& out, std::string_view delta, std::string_view finish,
                               std::string_view native_finish, std::string_view more) {
  out.own(prefix_);
  out.own(R"([{"index":0,"delta":)");
  out.own(delta);
  out.own(R"(,"logprobs":null,"finish_reason":)");
  out.own(finish.empty() ? "null" : quoted(finish));
  if (!native_finish.empty()) {
    out.own(R"(,"native_finish_reason":)");
    out.own(quoted(native_finish));
  }
  out.own("}]");
  out.own(more);
  out.own(call_.chat.include_usage ? R"(,"usage":null})" : "}");
  out.own("\n\n");
}

void NativeStream::emit_usage(Body& out) {
  if (!call_.chat.include_usage) return;
  out.own(prefix_);
  delta_.clear();
  append_usage(delta_, usage_, call_.cost_with(usage_), JsonValue());
  out.own("[],\"usage\":");
  out.own(delta_);
  out.own("}\n\n");
}

}  // namespace providers::reka
