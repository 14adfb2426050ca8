#include "providers/completion_from_stream.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "providers/openai_answer.h"
#include "providers/wire/json_document.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Members of a choice that come in pieces; of any other the last counts.
constexpr std::array<std::string_view, 3> kInPieces{"delta", "text", "logprobs"};
// Texts inside them that come whole all the same, and may come again.
constexpr std::array<std::string_view, 5> kWhole{"id", "role", "type", "name", "format"};

}  // namespace

// What the chunks of one object add up to, as the official SDKs add them: in what comes in
// pieces, texts grow, objects are added member by member, and lists grow or are added by their
// elements' `index`.
class CompletionFromStream::Sum {
 public:
  void add(JsonValue object, bool piece) {
    for (const JsonMemberView& member : object.members()) {
      const std::string name = member.key.text();
      if (!piece && name == "message") continue;  // some repeat the answer so far beside the delta
      add_member(name, member.value, piece || among(kInPieces, name));
    }
  }

  // `object`: what the member of that name says instead, where it is not empty.
  void write(JsonWriter& json, std::string_view object = {}, bool numbered = true) const {
    json.begin_object();
    for (const auto& [name, part] : parts_) {
      if (name == "index" && !numbered) continue;
      json.key(name == "delta" ? "message" : name);
      if (name == "object" && !object.empty()) {
        json.value(object);
      } else {
        write_part(json, part, name != "tool_calls");
      }
    }
    json.end_object();
  }

 private:
  enum class Kind : std::uint8_t { other, text, list, object };
  struct Part {
    Kind kind = Kind::other;
    std::string value = "null";  // a text itself, a list's elements as JSON, any other JSON
    std::unique_ptr<Sum> members;
    std::map<std::int64_t, std::unique_ptr<Sum>> elements;  // those of a list that have an index
  };

  void add_member(const std::string& name, JsonValue value, bool piece) {
    Part& part = part_of(name);
    if (value.is_null()) return;
    const bool choices = !piece && name == "choices";
    if (value.is(JsonType::string) && piece && !among(kWhole, name)) {
      become(part, Kind::text);
      part.value += value.text();
    } else if (value.is(JsonType::array) && (piece || choices)) {
      become(part, Kind::list);
      for (const JsonValue element : value.elements()) add_element(part, element, piece);
    } else if (value.is(JsonType::object) && piece) {
      become(part, Kind::object);
      if (!part.members) part.members = std::make_unique<Sum>();
      part.members->add(value, true);
    } else {
      become(part, Kind::other);
      part.value = value.raw();
    }
  }

  static void add_element(Part& list, JsonValue element, bool piece) {
    const auto index = element.is(JsonType::object) ? element["index"].integer() : std::nullopt;
    if (index) {
      auto& sum = list.elements[*index];
      if (!sum) sum = std::make_unique<Sum>();
      return sum->add(element, piece);
    }
    list.value.append(list.value.empty() ? "" : ",").append(element.raw());
  }

  static void become(Part& part, Kind kind) {
    if (part.kind != kind) part.value.clear();
    part.kind = kind;
  }

  static void write_part(JsonWriter& json, const Part& part, bool numbered) {
    switch (part.kind) {
      case Kind::text:
        json.value(part.value);
        break;
      case Kind::other:
        json.raw(part.value);
        break;
      case Kind::object:
        part.members->write(json);
        break;
      case Kind::list:
        json.begin_array();
        for (const auto& [index, element] : part.elements) element->write(json, {}, numbered);
        json.raw_members(part.value);
        json.end_array();
        break;
    }
  }

  Part& part_of(const std::string& name) {
    const auto found = std::find_if(parts_.begin(), parts_.end(),
                                    [&](const auto& part) { return part.first == name; });
    if (found != parts_.end()) return found->second;
    return parts_.emplace_back(name, Part{}).second;
  }

  std::vector<std::pair<std::string, Part>> parts_;  // in the order they came in
};

CompletionFromStream::CompletionFromStream() : answer_(std::make_unique<Sum>()) {}
CompletionFromStream::~CompletionFromStream() = default;

config::Result<void> CompletionFromStream::add(std::string_view events) {
  SseParser parser;
  parser.feed(events);
  JsonDocument chunk;
  while (const auto event = parser.next()) {
    if (event->data == "[DONE]") break;
    if (!chunk.read(event->data)) {
      return config::failure(config::ErrorCode::internal, "The answer could not be put together.",
                             std::string(to_string(chunk.fault())));
    }
    answer_->add(chunk.root(), false);
  }
  return {};
}

Completion CompletionFromStream::finish(const Call& call, const StreamDecoder& decoder) const {
  std::string text;
  JsonWriter json(text);
  answer_->write(json, object_name(call.chat.operation, false));
  Completion completion;
  completion.body.own(text);
  completion.usage = decoder.usage();
  completion.upstream_id = decoder.upstream_id();
  return completion;
}

}  // namespace providers
