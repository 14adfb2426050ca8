#include "tests/support/upstream_simulator/openai_extras.h"

#include <bit>

#include "tests/support/upstream_simulator/base64.h"
#include "tests/support/upstream_simulator/openai_question.h"
#include "tests/support/upstream_simulator/openai_shape.h"

namespace simulator {
namespace {

struct Input {
  std::string text;
  std::int64_t tokens;
};

std::optional<Input> one_input(const js::value& value) {
  if (value.is_string()) {
    const auto text = text_of(value);
    return Input{std::string(text), std::max<std::int64_t>(count_words(text), 1)};
  }
  const auto* tokens = value.if_array();
  if (!tokens || tokens->empty()) return std::nullopt;
  for (const auto& token : *tokens)
    if (!token.is_int64()) return std::nullopt;
  return Input{js::serialize(value), static_cast<std::int64_t>(tokens->size())};
}

std::optional<std::vector<Input>> inputs_of(const js::object& body) {
  const auto* value = member(body, "input");
  if (!value) return std::nullopt;
  std::vector<Input> inputs;
  if (auto single = one_input(*value)) {
    inputs.push_back(std::move(*single));
    return inputs;
  }
  const auto* list = value->if_array();
  if (!list || list->empty()) return std::nullopt;
  for (const auto& entry : *list) {
    auto input = one_input(entry);
    if (!input) return std::nullopt;
    inputs.push_back(std::move(*input));
  }
  return inputs;
}

std::string little_endian(std::string_view text, std::size_t dimensions) {
  std::string bytes;
  for (std::size_t place = 0; place < dimensions; ++place) {
    auto bits = std::bit_cast<std::uint32_t>(embedded_value(text, place));
    for (int byte = 0; byte < 4; ++byte, bits >>= 8U) bytes += static_cast<char>(bits & 0xFFU);
  }
  return bytes;
}

std::string text_object(std::string_view id, std::string_view model, std::string_view text,
                        js::value finish, std::optional<js::value> usage) {
  js::array choices;
  choices.push_back(js::object{{"text", json_string(text)},
                               {"index", 0},
                               {"logprobs", nullptr},
                               {"finish_reason", std::move(finish)}});
  js::object json{{"id", json_string(id)},
                  {"object", "text_completion"},
                  {"created", kCreated},
                  {"model", json_string(model)},
                  {"choices", std::move(choices)}};
  if (usage) json["usage"] = std::move(*usage);
  return to_text(json);
}

}  // namespace

float embedded_value(std::string_view text, std::size_t place) {
  std::uint32_t hash = 2'166'136'261U + static_cast<std::uint32_t>(place);
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 16'777'619U;
  // Sixteenths are exact in float and in decimal, so both encodings carry the same value.
  return static_cast<float>(static_cast<int>(hash % 33U) - 16) / 16.0F;
}

std::optional<Embedded> embed(const js::object& body, std::string_view model) {
  const auto inputs = inputs_of(body);
  if (!inputs) return std::nullopt;
  const auto dimensions = static_cast<std::size_t>(integer_of(body, "dimensions").value_or(8));
  const bool as_base64 = text_of(body, "encoding_format") == "base64";

  Embedded made;
  js::array data;
  for (const auto& input : *inputs) {
    js::value embedding;
    if (as_base64) {
      embedding = json_string(base64(little_endian(input.text, dimensions)));
    } else {
      js::array values;
      for (std::size_t place = 0; place < dimensions; ++place)
        values.push_back(static_cast<double>(embedded_value(input.text, place)));
      embedding = std::move(values);
    }
    data.push_back(js::object{
        {"object", "embedding"}, {"index", data.size()}, {"embedding", std::move(embedding)}});
    made.prompt_tokens += input.tokens;
  }
  made.json = {{"object", "list"},
               {"data", std::move(data)},
               {"model", json_string(model)},
               {"usage", js::object{{"prompt_tokens", made.prompt_tokens},
                                    {"total_tokens", made.prompt_tokens}}}};
  return made;
}

Reply complete(const js::object& body, std::string_view model, std::string id,
               const Faults& faults) {
  const auto said = say(read_question(body, id), faults);
  const auto usage = bend_usage(plain_usage(said), faults);
  Reply reply;
  if (!truthy(body, "stream")) {
    reply =
        json_reply(200, text_object(id, model, said.whole_text(), json_string(said.finish), usage));
  } else {
    reply.streamed = true;
    reply.content_type = "text/event-stream";
    for (const auto& piece : said.text)
      reply.events.push_back(
          {EventKind::content, text_object(id, model, piece, nullptr, std::nullopt)});
    reply.events.push_back(
        {EventKind::finish, text_object(id, model, "", json_string(said.finish), usage)});
    reply.events.push_back({EventKind::done, "[DONE]"});
  }
  reply.accounting = {said.prompt_tokens, said.completion_tokens, 0};
  return reply;
}

}  // namespace simulator
