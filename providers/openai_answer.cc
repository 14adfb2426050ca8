#include "providers/openai_answer.h"

#include <fmt/format.h>

#include "providers/estimate.h"
#include "providers/finish_reason.h"
#include "providers/openai_parameters.h"
#include "providers/reasoning_tags.h"
#include "providers/refusal.h"
#include "providers/upstream_error.h"
#include "providers/usage_json.h"
#include "providers/wire/edits.h"
#include "providers/wire/json_text.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

using config::ErrorCode;
using config::Result;

bool full_string(JsonValue value) {
  return value.is(JsonType::string) && !value.raw_text().empty();
}

Usage reported_usage(const Call& call, const AnswerHead& head, const Dialect& dialect,
                     JsonValue root) {
  Usage usage;
  if (!dialect.cost_header.empty()) read_reported_cost(head.find(dialect.cost_header), usage);
  read_usage(root["usage"], usage);
  if (dialect.price_variant != nullptr) usage.price_variant = dialect.price_variant(call);
  return usage;
}

// OpenRouter pads while it waits.
std::string_view without_padding(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  return body;
}

// Splices one answer. Lives for one call of decode.
class Answer {
 public:
  Answer(const Call& call, JsonValue root) : call_(call), root_(root) {}

  Result<void> read_choices(const AnswerHead& head);
  void write(const AnswerHead& head, const Dialect& dialect, std::string_view body,
             Completion& out);

 private:
  void edit_root(const std::string& usage);
  void edit_choice(JsonValue choice, std::size_t index);
  void edit_message(JsonValue message, std::size_t index);
  void edit_tool_calls(JsonValue calls, std::size_t choice);
  void split_content(JsonValue message, MemberEdits& members, const JsonMemberView& content,
                     std::string& added);
  DeliveredText delivered() const;

  const Call& call_;
  JsonValue root_;
  Edits edits_;
};

// Errors hide inside choices as well (OpenRouter).
Result<void> Answer::read_choices(const AnswerHead& head) {
  if (call_.chat.operation == Operation::embeddings) {
    if (root_["data"].is(JsonType::array)) return {};
    return config::failure(ErrorCode::upstream_garbled, "The upstream answered without data.");
  }
  const JsonValue choices = root_["choices"];
  if (choices.empty()) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream answered without choices.",
                           fmt::format("{} bytes of JSON", root_.raw().size()));
  }
  const bool chat = call_.chat.operation == Operation::chat;
  for (JsonValue choice : choices.elements()) {
    if (holds_error(choice) || finish_of(choice["finish_reason"].text(), false).failed) {
      return upstream_error_in_choice(call_, head, choice);
    }
    if (chat ? !choice["message"].is(JsonType::object) : !choice["text"]) {
      return config::failure(ErrorCode::upstream_garbled,
                             "The upstream answered with a choice that holds nothing.");
    }
  }
  return {};
}

void Answer::write(const AnswerHead& head, const Dialect& dialect, std::string_view body,
                   Completion& out) {
  std::size_t index = 0;
  for (JsonValue choice : root_["choices"].elements()) edit_choice(choice, index++);

  out.usage = reported_usage(call_, head, dialect, root_);
  if (lacks_tokens(call_.chat, out.usage)) complete_usage(call_, delivered(), out.usage);
  std::string usage;
  append_usage(usage, out.usage, call_.cost_with(out.usage), root_["usage"]);
  edit_root(usage);
  edits_.apply(body, out.body);

  out.upstream_model = root_["model"].text();
  out.upstream_id = head.find(dialect.generation_header);
  if (out.upstream_id.empty()) out.upstream_id = root_["id"].text();
}

void Answer::edit_root(const std::string& usage) {
  const bool embeddings = call_.chat.operation == Operation::embeddings;
  const auto object = providers::quoted(object_name(call_.chat.operation, false));
  const auto model = providers::quoted(call_.chat.model);
  bool has_id = false;
  bool has_object = false;
  bool has_created = false;
  bool has_model = false;
  bool has_usage = false;
  MemberEdits members(edits_, root_.begin());
  for (const JsonMemberView& member : root_.members()) {
    members.keep(member.key.begin(), member.value.end());
    const auto change_to = [&](std::string_view raw) {
      if (member.value.raw() != raw) edits_.replace(member.value.begin(), member.value.end(), raw);
    };
    if (member.key.equals("id")) {
      has_id = true;
      if (!full_string(member.value)) change_to(providers::quoted(call_.chat.answer_id));
    } else if (member.key.equals("object")) {
      has_object = true;
      change_to(object);
    } else if (member.key.equals("created")) {
      has_created = true;
      if (!member.value.integer()) change_to(std::to_string(call_.chat.created));
    } else if (member.key.equals("model")) {
      has_model = true;
      change_to(model);
    } else if (member.key.equals("usage")) {
      has_usage = true;
      change_to(usage);
    }
  }
  std::string added;
  const auto add = [&](bool there, std::string_view name, std::string_view raw) {
    if (there) return;
    if (!added.empty()) added += ',';
    append_quoted(added, name);
    added.append(":").append(raw);
  };
  add(has_id || embeddings, "id", providers::quoted(call_.chat.answer_id));
  add(has_object, "object", object);
  add(has_created || embeddings, "created", std::to_string(call_.chat.created));
  add(has_model, "model", model);
  add(has_usage, "usage", usage);
  members.finish(added);
}

void Answer::edit_choice(JsonValue choice, std::size_t index) {
  const JsonValue message = choice["message"];
  const bool has_calls = !message["tool_calls"].empty();
  const bool functions = has_calls && speaks_of_functions(call_.chat);

  bool has_index = false;
  bool has_finish = false;
  bool has_native = bool(choice["native_finish_reason"]);
  std::string added;
  MemberEdits members(edits_, choice.begin());
  for (const JsonMemberView& member : choice.members()) {
    members.keep(member.key.begin(), member.value.end());
    has_index = has_index || member.key.equals("index");
    if (!member.key.equals("finish_reason")) continue;
    has_finish = true;
    const Finish finish = finish_of(member.value.text(), has_calls);
    const auto reason =
        functions && finish.reason == "tool_calls" ? "function_call" : finish.reason;
    if (!member.value.equals(reason)) {
      edits_.replace(member.value.begin(), member.value.end(), providers::quoted(reason));
    }
    if (!finish.known && !has_native) {
      added = fmt::format(R"("native_finish_reason":{})", member.value.raw());
    }
  }
  const auto add = [&](const std::string& member) {
    added += added.empty() ? member : "," + member;
  };
  if (!has_index) add(fmt::format(R"("index":{})", index));
  if (!has_finish) {
    add(fmt::format(R"("finish_reason":"{}")",
                    functions ? "function_call" : finish_of("", has_calls).reason));
  }
  members.finish(added);
  if (message) edit_message(message, index);
}

void Answer::edit_message(JsonValue message, std::size_t index) {
  std::string added;
  MemberEdits members(edits_, message.begin());
  bool has_role = false;
  bool has_content = false;
  for (const JsonMemberView& member : message.members()) {
    if (member.key.equals("content")) {
      has_content = true;
      split_content(message, members, member, added);
      continue;
    }
    members.keep(member.key.begin(), member.value.end());
    has_role = has_role || member.key.equals("role");
    if (!member.key.equals("tool_calls") || member.value.empty()) continue;
    if (speaks_of_functions(call_.chat)) {
      const JsonValue function = member.value[0]["function"];
      edits_.replace(member.key.begin(), member.value.end(),
                     fmt::format(R"("function_call":{})",
                                 function.is(JsonType::object) ? function.raw() : "null"));
    } else {
      edit_tool_calls(member.value, index);
    }
  }
  const auto add = [&](const std::string& member) {
    added += added.empty() ? member : "," + member;
  };
  if (!has_role) add(R"("role":"assistant")");
  if (!has_content) add(R"("content":null)");
  members.finish(added);
}

// Text whose reasoning stands inline, where the target says so and gives none in a field.
void Answer::split_content(JsonValue message, MemberEdits& members, const JsonMemberView& content,
                           std::string& added) {
  members.keep(content.key.begin(), content.value.end());
  const auto& can = call_.target.can;
  const bool in_field =
      full_string(message["reasoning"]) || full_string(message["reasoning_content"]);
  if (!content.value.is(JsonType::string)) return;
  if (can.reasoning_tags.empty() && can.stop.empty()) return;
  ReasoningTags tags(can.reasoning_tags, can.stop);
  if (in_field) tags.ignore_tags();
  const auto text = content.value.text();
  std::string reasoning;
  std::string answer;
  tags.feed(text, reasoning, answer);
  tags.finish(reasoning, answer);
  if (answer == text) return;
  edits_.replace(content.value.begin(), content.value.end(), providers::quoted(answer));
  if (!reasoning.empty()) added = R"("reasoning_content":)" + providers::quoted(reasoning);
}

void Answer::edit_tool_calls(JsonValue calls, std::size_t choice) {
  std::size_t index = 0;
  for (JsonValue call : calls.elements()) {
    std::string added;
    MemberEdits members(edits_, call.begin());
    bool has_id = false;
    for (const JsonMemberView& member : call.members()) {
      if (member.key.equals("id")) {
        has_id = full_string(member.value);
        if (!has_id) {
          members.drop(member.key.begin(), member.value.end());
          continue;
        }
      }
      members.keep(member.key.begin(), member.value.end());
    }
    if (!has_id) added = R"("id":)" + providers::quoted(minted_call_id(call_.chat, choice, index));
    if (!call["type"]) added += added.empty() ? R"("type":"function")" : R"(,"type":"function")";
    members.finish(added);
    ++index;
  }
}

// Only where the upstream has not.
DeliveredText Answer::delivered() const {
  DeliveredText out;
  std::size_t index = 0;
  for (JsonValue choice : root_["choices"].elements()) {
    const JsonValue message = choice["message"];
    add_delivered(message ? message : choice, index++, out);
  }
  return out;
}

}  // namespace

std::string_view object_name(Operation operation, bool chunk) {
  switch (operation) {
    case Operation::completions:
      return "text_completion";
    case Operation::embeddings:
      return "list";
    case Operation::chat:
      break;
  }
  return chunk ? "chat.completion.chunk" : "chat.completion";
}

bool lacks_tokens(const ChatRequest& chat, const Usage& usage) {
  return !usage.prompt || (!usage.completion && chat.operation != Operation::embeddings);
}

void complete_usage(const Call& call, const DeliveredText& delivered, Usage& usage) {
  if (!lacks_tokens(call.chat, usage)) return;
  const bool wants_completion = call.chat.operation != Operation::embeddings;
  const Usage guess = estimated_usage(call.chat, call.target.tokenizer, delivered);
  if (!usage.prompt) usage.prompt = guess.prompt;
  if (!usage.completion && wants_completion) usage.completion = guess.completion;
  usage.tokens = Source::estimated;
}

std::string minted_call_id(const ChatRequest& chat, std::size_t choice, std::size_t call) {
  return fmt::format("call_{}_{}_{}", chat.answer_id, choice, call);
}

Result<Completion> decode_openai_answer(const Call& call, const AnswerHead& head,
                                        std::string_view body, const Dialect& dialect) {
  body = without_padding(body);
  if (body.empty()) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream answered with nothing.");
  }
  auto& document = call.json.document;
  if (!document.read(body) || !document.root().is(JsonType::object)) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream's answer is not JSON.",
                           std::string(to_string(document.fault())));
  }
  const JsonValue root = document.root();
  if (holds_error(root)) return upstream_error_inside(call, head, root);
  Answer answer(call, root);
  if (auto ok = answer.read_choices(head); !ok) return ok.error();
  Completion out;
  answer.write(head, dialect, body, out);
  return out;
}

Usage usage_in_openai_answer(const Call& call, const AnswerHead& head, std::string_view body,
                             const Dialect& dialect) {
  auto& document = call.json.document;
  if (!document.read(without_padding(body))) return {};
  return reported_usage(call, head, dialect, document.root());
}

}  // namespace providers
