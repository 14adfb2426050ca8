#include "tests/support/upstream_simulator/said.h"

#include <algorithm>
#include <numeric>

#include "tests/support/upstream_simulator/received.h"

namespace simulator {
namespace {

constexpr std::size_t kEchoBytes = 400;  // of what the user said

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

std::string_view whole_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::string join(const std::vector<std::string>& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::string());
}

std::string_view without_blanks_before(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string answer_from_the_beginning(const Question& question, const Faults& faults) {
  if (const auto words = faults.number(fault("words-<n>"))) {
    std::string text;
    for (std::uint64_t word = 1; word <= *words; ++word)
      text += (word == 1 ? "word" : " word") + std::to_string(word);
    return text;
  }
  if (faults.has(fault("empty-content"))) return {};
  if (faults.has(fault("line-separators"))) return "one\u2028two \u2029three \u0085four";
  const auto echo = whole_characters(question.last_user_text, kEchoBytes);
  if (echo.empty()) return "You said nothing. Grüße aus 世界 🦊.";
  return "You said: " + std::string(echo) + " — Grüße aus 世界 🦊.";
}

// The same answer from where the prefill leaves off; where it is no beginning of that answer, any.
std::string answer_text(const Question& question, const Faults& faults) {
  auto whole = answer_from_the_beginning(question, faults);
  if (question.prefill.empty()) return whole;
  if (faults.has(fault("prefill-ignore"))) return "Certainly! " + whole;
  if (faults.has(fault("prefill-other"))) return " or else it goes on otherwise.";
  const auto given = without_blanks_before(question.prefill);
  if (!std::string_view(whole).starts_with(given))
    return " and so it goes on: naïve café, 世界 🦊.";
  if (faults.has(fault("prefill-repeat"))) return whole;
  const auto rest = std::string_view(whole).substr(given.size());
  return std::string(faults.has(fault("prefill-trim")) ? without_blanks_before(rest) : rest);
}

// JSON text leaves in short pieces, never inside a character.
std::vector<std::string> short_pieces(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const auto piece = whole_characters(text, 8);
    pieces.emplace_back(piece);
    text.remove_prefix(piece.size());
  }
  return pieces;
}

std::string finish_of(const Faults& faults, std::string natural) {
  if (faults.has(fault("finish-length"))) return "length";
  if (faults.has(fault("finish-context"))) return "context";
  if (faults.has(fault("finish-content-filter"))) return "content_filter";
  if (faults.has(fault("finish-eos"))) return "eos";
  if (faults.has(fault("finish-max-tokens"))) return "max_tokens";
  if (faults.has(fault("finish-abort"))) return "abort";
  if (faults.has(fault("finish-odd"))) return "moonrise";
  if (faults.has(fault("finish-null"))) return "";
  return natural;
}

std::vector<ToolCall> calls_of(const Question& question, const Faults& faults) {
  const bool asked = contains_ignoring_case(question.last_user_text, "use the tool");
  const bool forced = faults.has(fault("tool")) || faults.has(fault("two-tools"));
  if (question.tools.empty() || faults.has(fault("no-tool"))) return {};
  if (!forced && !question.must_call && !(question.may_call && asked)) return {};
  if (!forced && question.ends_in_tool_result) return {};

  const js::object* tool = nullptr;
  for (const auto& candidate : question.tools) {
    const auto* object = candidate.if_object();
    if (!object) continue;
    if (!question.named_tool.empty() && text_of(*object, "name") != question.named_tool) continue;
    tool = object;
    break;
  }
  if (!tool) return {};

  std::vector<ToolCall> calls;
  const int count = faults.has(fault("two-tools")) ? 2 : 1;
  for (int call = 1; call <= count; ++call) {
    js::object arguments;
    if (const auto* parameters = member(*tool, "parameters")) {
      auto instance = instance_of(*parameters);
      if (instance.is_object()) arguments = std::move(instance.get_object());
    }
    calls.push_back({"call_" + question.seed + "_" + std::to_string(call),
                     std::string(text_of(*tool, "name")), std::move(arguments)});
  }
  return calls;
}

}  // namespace

std::string Said::whole_text() const {
  return join(text);
}
std::string Said::whole_reasoning() const {
  return join(reasoning);
}

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  std::size_t start = 0;
  for (std::size_t at = 1; at <= text.size(); ++at) {
    const bool word_ends = at == text.size() || (is_blank(text[at]) && !is_blank(text[at - 1]));
    if (!word_ends) continue;
    pieces.emplace_back(text.substr(start, at - start));
    start = at;
  }
  return pieces;
}

std::int64_t count_words(std::string_view text) {
  std::int64_t words = 0;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (!is_blank(text[at]) && (at == 0 || is_blank(text[at - 1]))) ++words;
  return words;
}

js::value instance_of(const js::value& schema) {
  const auto* object = schema.if_object();
  if (!object) return "Zürich";
  if (const auto* constant = member(*object, "const")) return *constant;
  if (const auto* choices = member(*object, "enum"); choices && choices->is_array()) {
    const auto& array = choices->get_array();
    if (!array.empty()) return array[0];
  }
  for (const std::string_view any : {"anyOf", "oneOf", "allOf"}) {
    const auto* list = member(*object, any);
    if (list && list->is_array() && !list->get_array().empty())
      return instance_of(list->get_array()[0]);
  }
  std::string_view type = text_of(*object, "type");
  if (const auto* types = member(*object, "type"); types && types->is_array())
    if (!types->get_array().empty()) type = text_of(types->get_array()[0]);
  const auto* properties = member(*object, "properties");
  if (type == "object" || properties) {
    js::object instance;
    if (properties && properties->is_object())
      for (const auto& property : properties->get_object())
        instance.emplace(property.key(), instance_of(property.value()));
    return instance;
  }
  if (type == "array") {
    js::array instance;
    const auto least = integer_of(*object, "minItems").value_or(1);
    const auto* items = member(*object, "items");
    for (std::int64_t item = 0; item < std::clamp<std::int64_t>(least, 1, 16); ++item)
      instance.push_back(items ? instance_of(*items) : js::value("Zürich"));
    return instance;
  }
  if (type == "integer") return integer_of(*object, "minimum").value_or(7);
  if (type == "number") return 1.5;
  if (type == "boolean") return true;
  if (type == "null") return nullptr;
  return "Zürich";
}

Said say(const Question& question, const Faults& faults) {
  Said said;
  said.prompt_tokens = question.prompt_tokens;
  if (faults.has(fault("usage-cached"))) said.cached_tokens = said.prompt_tokens / 2;

  const bool thinks =
      (question.thinks || faults.has(fault("reasoning"))) && !faults.has(fault("no-reasoning"));
  if (thinks) said.reasoning = pieces_of("The user wants a kind answer — déjà vu.");

  said.calls = calls_of(question, faults);
  if (said.calls.empty()) {
    if (question.schema) {
      said.text = short_pieces(js::serialize(instance_of(*question.schema)));
    } else if (question.json_object) {
      said.text = short_pieces(js::serialize(js::object{{"answer", "Grüße"}}));
    } else {
      said.text = pieces_of(answer_text(question, faults));
    }
  }

  bool cut = false;
  const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(question.max_tokens, 1));
  if (said.reasoning.size() > limit) {
    said.reasoning.resize(limit);
    said.text.clear();
    cut = true;
  }
  if (said.reasoning.size() + said.text.size() > limit) {
    said.text.resize(limit - said.reasoning.size());
    cut = true;
  }

  said.reasoning_tokens = static_cast<std::int64_t>(said.reasoning.size());
  said.completion_tokens = said.reasoning_tokens + static_cast<std::int64_t>(said.text.size());
  for (const auto& call : said.calls)
    said.completion_tokens += 1 + static_cast<std::int64_t>(call.arguments.size());
  said.finish = finish_of(faults, !said.calls.empty() ? "tool_calls" : cut ? "length" : "stop");
  return said;
}

}  // namespace simulator
