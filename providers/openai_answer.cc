#include "providers/openai_answer.h"

#include <array>

#include <fmt/format.h>

#include "providers/estimate.h"
#include "providers/finish_reason.h"
#include "providers/openai_parameters.h"
#include "providers/reasoning_tags.h"
#include "providers/refusal.h"
#include "providers/upstream_error.h"
#include "providers/usage_json.h"
#include "providers/wire/edits.h"
#include "providers/wire/json_names.h"
#include "providers/wire/json_text.h"

namespace providers {
namespace {

using config::ErrorCode;
using config::Result;

bool full_string(JsonValue value) {
  return value.is(JsonType::string) && !value.raw_text().empty();
}

Usage reported_usage(const Call& call, const AnswerHead& head, const Dialect& dialect,
                     JsonValue reported) {
  Usage usage;
  if (!dialect.cost_header.empty()) read_reported_cost(head.find(dialect.cost_header), usage);
  read_usage(reported, usage);
  if (dialect.price_variant != nullptr) usage.price_variant = dialect.price_variant(call);
  return usage;
}

// Members that this file reads, each list in the order of its names.
enum : std::size_t { kId, kObject, kCreated, kModel, kUsage, kChoices, kData, kError };
constexpr JsonNames kRoot("id", "object", "created", "model", "usage", "choices", "data", "error");
using Root = std::array<JsonValue, kRoot.kNone>;

enum : std::size_t { kIndex, kFinish, kNative, kMessage, kText, kChoiceError, kChoiceObject };
constexpr JsonNames kChoice("index", "finish_reason", "native_finish_reason", "message", "text",
                            "error", "object");

enum : std::size_t { kRole, kContent, kToolCalls };
constexpr JsonNames kSaid("role", "content", "tool_calls");

void add_member(std::string& added, std::string_view name, std::string_view raw) {
  if (!added.empty()) added += ',';
  added.append("\"").append(name).append("\":").append(raw);
}

// OpenRouter pads while it waits.
std::string_view without_padding(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  return body;
}

// Splices one answer. Lives for one call of decode.
class Answer {
 public:
  Answer(const Call& call, JsonValue whole, const Root& root)
      : call_(call), whole_(whole), root_(root), edits_(call.json.edits) {
    edits_.clear();
  }

  Result<void> read_choices(const AnswerHead& head);
  void write(const AnswerHead& head, const Dialect& dialect, std::string_view body,
             Completion& out);

 private:
  void edit_root(const std::string& usage);
  void edit_choice(JsonValue choice, std::size_t index);
  void edit_message(JsonValue message, std::size_t index);
  void edit_tool_calls(JsonValue calls, std::size_t choice);
  void split_content(JsonValue message, JsonValue content, std::string& added);
  DeliveredText delivered() const;

  const Call& call_;
  JsonValue whole_;
  const Root& root_;
  Edits& edits_;
};

// Errors hide inside choices as well (OpenRouter).
Result<void> Answer::read_choices(const AnswerHead& head) {
  if (call_.chat.operation == Operation::embeddings) {
    if (root_[kData].is(JsonType::array)) return {};
    return config::failure(ErrorCode::upstream_garbled, "The upstream answered without data.");
  }
  const JsonValue choices = root_[kChoices];
  if (choices.empty()) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream answered without choices.",
                           fmt::format("{} bytes of JSON", whole_.raw().size()));
  }
  const bool chat = call_.chat.operation == Operation::chat;
  for (JsonValue choice : choices.elements()) {
    const auto found = kChoice.in(choice);
    std::string storage;
    if (stands_for_error(found[kChoiceError], found[kChoiceObject]) ||
        finish_of(found[kFinish].text(storage), false).failed) {
      return upstream_error_in_choice(call_, head, choice);
    }
    if (chat ? !found[kMessage].is(JsonType::object) : !found[kText]) {
      return config::failure(ErrorCode::upstream_garbled,
                             "The upstream answered with a choice that holds nothing.");
    }
  }
  return {};
}

void Answer::write(const AnswerHead& head, const Dialect& dialect, std::string_view body,
                   Completion& out) {
  std::size_t index = 0;
  for (JsonValue choice : root_[kChoices].elements()) edit_choice(choice, index++);

  out.usage = reported_usage(call_, head, dialect, root_[kUsage]);
  if (lacks_tokens(call_.chat, out.usage)) complete_usage(call_, delivered(), out.usage);
  std::string usage;
  append_usage(usage, out.usage, call_.cost_with(out.usage), root_[kUsage]);
  edit_root(usage);
  edits_.apply(body, out.body);

  out.upstream_model = root_[kModel].text();
  out.upstream_id = head.find(dialect.generation_header);
  if (out.upstream_id.empty()) out.upstream_id = root_[kId].text();
}

void Answer::edit_root(const std::string& usage) {
  const bool embeddings = call_.chat.operation == Operation::embeddings;
  const auto object = object_name(call_.chat.operation, false);
  const auto model = providers::quoted(call_.chat.model);
  for (const JsonMemberView& member : whole_.members()) {
    const auto change_to = [&](std::string_view raw) {
      if (member.value.raw() != raw) edits_.replace(member.value.begin(), member.value.end(), raw);
    };
    switch (kRoot.find(member.key)) {
      case kId:
        if (!full_string(member.value)) change_to(providers::quoted(call_.chat.answer_id));
        break;
      case kObject:
        if (member.value.raw_text() != object) change_to(providers::quoted(object));
        break;
      case kCreated:
        if (!member.value.integer()) change_to(fmt::format_int(call_.chat.created).c_str());
        break;
      case kModel:
        change_to(model);
        break;
      case kUsage:
        change_to(usage);
        break;
      default:
        break;
    }
  }
  std::string added;
  if (!root_[kId] && !embeddings) add_member(added, "id", providers::quoted(call_.chat.answer_id));
  if (!root_[kObject]) add_member(added, "object", providers::quoted(object));
  if (!root_[kCreated] && !embeddings) {
    add_member(added, "created", fmt::format_int(call_.chat.created).c_str());
  }
  if (!root_[kModel]) add_member(added, "model", model);
  if (!root_[kUsage]) add_member(added, "usage", usage);
  append_members(edits_, whole_, added);
}

void Answer::edit_choice(JsonValue choice, std::size_t index) {
  const auto found = kChoice.in(choice);
  const bool has_calls = !found[kMessage]["tool_calls"].empty();
  const bool functions = has_calls && speaks_of_functions(call_.chat);

  std::string added;
  for (const JsonMemberView& member : choice.members()) {
    if (kChoice.find(member.key) != kFinish) continue;
    std::string storage;
    const Finish finish = finish_of(member.value.text(storage), has_calls);
    const auto reason =
        functions && finish.reason == "tool_calls" ? "function_call" : finish.reason;
    if (!member.value.equals(reason)) {
      edits_.replace(member.value.begin(), member.value.end(), providers::quoted(reason));
    }
    if (!finish.known && !found[kNative]) {
      added.clear();
      add_member(added, "native_finish_reason", member.value.raw());
    }
  }
  if (!found[kIndex]) add_member(added, "index", fmt::format_int(index).c_str());
  if (!found[kFinish]) {
    const auto reason = functions ? "function_call" : finish_of("", has_calls).reason;
    add_member(added, "finish_reason", providers::quoted(reason));
  }
  append_members(edits_, choice, added);
  if (found[kMessage]) edit_message(found[kMessage], index);
}

void Answer::edit_message(JsonValue message, std::size_t index) {
  std::string added;
  bool has_role = false;
  bool has_content = false;
  for (const JsonMemberView& member : message.members()) {
    switch (kSaid.find(member.key)) {
      case kRole:
        has_role = true;
        break;
      case kContent:
        has_content = true;
        split_content(message, member.value, added);
        break;
      case kToolCalls:
        if (member.value.empty()) break;
        if (speaks_of_functions(call_.chat)) {
          const JsonValue function = member.value[0]["function"];
          edits_.replace(member.key.begin(), member.value.end(),
                         fmt::format(R"("function_call":{})",
                                     function.is(JsonType::object) ? function.raw() : "null"));
        } else {
          edit_tool_calls(member.value, index);
        }
        break;
      default:
        break;
    }
  }
  if (!has_role) add_member(added, "role", R"("assistant")");
  if (!has_content) add_member(added, "content", "null");
  append_members(edits_, message, added);
}

// Text whose reasoning stands inline, where the target says so and gives none in a field.
void Answer::split_content(JsonValue message, JsonValue content, std::string& added) {
  const auto& can = call_.target.can;
  if (!content.is(JsonType::string)) return;
  if (can.reasoning_tags.empty() && can.stop.empty()) return;
  const bool in_field =
      full_string(message["reasoning"]) || full_string(message["reasoning_content"]);
  ReasoningTags tags(can.reasoning_tags, can.stop);
  if (in_field) tags.ignore_tags();
  const auto text = content.text();
  std::string reasoning;
  std::string answer;
  tags.feed(text, reasoning, answer);
  tags.finish(reasoning, answer);
  if (answer == text) return;
  edits_.replace(content.begin(), content.end(), providers::quoted(answer));
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
  for (JsonValue choice : root_[kChoices].elements()) {
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
  const JsonValue whole = document.root();
  const Root root = kRoot.in(whole);
  if (stands_for_error(root[kError], root[kObject])) {
    return upstream_error_inside(call, head, whole);
  }
  Answer answer(call, whole, root);
  if (auto ok = answer.read_choices(head); !ok) return ok.error();
  Completion out;
  answer.write(head, dialect, body, out);
  return out;
}

Usage usage_in_openai_answer(const Call& call, const AnswerHead& head, std::string_view body,
                             const Dialect& dialect) {
  auto& document = call.json.document;
  if (!document.read(without_padding(body))) return {};
  return reported_usage(call, head, dialect, document.root()["usage"]);
}

}  // namespace providers
