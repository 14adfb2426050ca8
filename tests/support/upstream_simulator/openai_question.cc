#include "tests/support/upstream_simulator/openai_question.h"

namespace simulator {
namespace {

constexpr std::int64_t kTokensPerMedium = 100;

const js::array* array_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value ? value->if_array() : nullptr;
}

const js::object* object_of(const js::object& object, std::string_view name) {
  const auto* value = member(object, name);
  return value ? value->if_object() : nullptr;
}

std::int64_t media_in(const js::object& message) {
  const auto* parts = array_of(message, "content");
  std::int64_t media = 0;
  if (!parts) return media;
  for (const auto& part : *parts)
    if (const auto* object = part.if_object();
        object && text_of(*object, "type") != "text" && member(*object, "type") != nullptr)
      ++media;
  return media;
}

void read_tools(const js::object& body, Question& question) {
  const auto* tools = array_of(body, "tools");
  if (!tools) return;
  for (const auto& tool : *tools) {
    const auto* object = tool.if_object();
    if (!object) continue;
    const auto* wrapped = object_of(*object, "function");
    question.tools.push_back(wrapped ? *wrapped : *object);
  }
  question.may_call = !question.tools.empty();
  const auto* choice = member(body, "tool_choice");
  if (!choice) return;
  const auto word = text_of(*choice);
  if (word == "none") question.may_call = false;
  if (word == "required" || word == "tool") question.must_call = true;
  if (const auto* named = choice->if_object()) {
    question.must_call = true;
    if (const auto* function = object_of(*named, "function"))
      question.named_tool = text_of(*function, "name");
  }
}

void read_format(const js::object& body, Question& question) {
  const auto* format = object_of(body, "response_format");
  if (!format) return;
  question.json_object = text_of(*format, "type") == "json_object";
  if (text_of(*format, "type") != "json_schema") return;
  if (const auto* described = object_of(*format, "json_schema"))
    question.schema = object_of(*described, "schema");
}

}  // namespace

std::string content_text(const js::object& message) {
  const auto* content = member(message, "content");
  if (!content) return {};
  if (content->is_string()) return std::string(text_of(*content));
  const auto* parts = content->if_array();
  if (!parts) return {};
  std::string text;
  for (const auto& part : *parts) {
    const auto* object = part.if_object();
    if (!object) continue;
    const auto piece = text_of(*object, "text");
    if (!text.empty() && !piece.empty()) text += ' ';
    text += piece;
  }
  return text;
}

int count_parts(const js::object& body, std::string_view type) {
  int count = 0;
  const auto* messages = array_of(body, "messages");
  if (!messages) return count;
  for (const auto& message : *messages) {
    const auto* object = message.if_object();
    const auto* parts = object ? array_of(*object, "content") : nullptr;
    if (!parts) continue;
    for (const auto& part : *parts)
      if (const auto* fields = part.if_object(); fields && text_of(*fields, "type") == type)
        ++count;
  }
  return count;
}

Question read_question(const js::object& body, std::string seed) {
  Question question;
  question.seed = std::move(seed);
  std::int64_t tokens = 0;
  if (const auto* messages = array_of(body, "messages")) {
    for (const auto& message : *messages) {
      const auto* object = message.if_object();
      if (!object) continue;
      auto text = content_text(*object);
      tokens += count_words(text) + kTokensPerMedium * media_in(*object);
      const auto role = text_of(*object, "role");
      question.ends_in_tool_result = role == "tool" || role == "tool_output";
      question.prefill.clear();
      if (role == "user")
        question.last_user_text = std::move(text);
      else if (role == "assistant")
        question.prefill = std::move(text);
    }
  }
  if (const auto* prompt = member(body, "prompt"); prompt && prompt->is_string()) {
    question.last_user_text = text_of(*prompt);
    tokens += count_words(question.last_user_text);
  }
  question.prompt_tokens = std::max<std::int64_t>(tokens, 1);
  question.max_tokens = integer_of(body, "max_tokens")
                            .value_or(integer_of(body, "max_completion_tokens").value_or(1024));
  read_tools(body, question);
  read_format(body, question);
  return question;
}

}  // namespace simulator
