// A stream as the whole answer that was asked for; declared in adapter.h.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "providers/adapter.h"
#include "providers/openai_answer.h"
#include "providers/wire/json_document.h"
#include "providers/wire/json_writer.h"

namespace providers {
namespace {

// Texts that come whole, and may come again with every chunk; so do all of a chunk itself.
constexpr std::array<std::string_view, 7> kWhole{
    "id", "role", "type", "name", "format", "finish_reason", "native_finish_reason"};

// What the chunks of one object add up to, as the official SDKs add them: texts grow, objects are
// added member by member, lists grow or are added by their elements' `index`, and of anything
// else the last counts.
class Sum {
 public:
  void add(JsonValue object, bool texts_grow = true) {
    for (const JsonMemberView& member : object.members()) {
      add_member(member.key.text(), member.value, texts_grow);
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
    std::map<std::int64_t, Sum> elements;  // those of a list that have an index
  };

  void add_member(const std::string& name, JsonValue value, bool texts_grow) {
    Part& part = part_of(name);
    if (value.is_null()) return;
    const bool whole = std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end();
    if (value.is(JsonType::string) && texts_grow && !whole) {
      become(part, Kind::text);
      part.value += value.text();
    } else if (value.is(JsonType::array)) {
      become(part, Kind::list);
      for (const JsonValue element : value.elements()) add_element(part, element);
    } else if (value.is(JsonType::object)) {
      become(part, Kind::object);
      if (!part.members) part.members = std::make_unique<Sum>();
      part.members->add(value);
    } else {
      become(part, Kind::other);
      part.value = value.raw();
    }
  }

  static void add_element(Part& list, JsonValue element) {
    const auto index = element.is(JsonType::object) ? element["index"].integer() : std::nullopt;
    if (index) return list.elements[*index].add(element);
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
        for (const auto& [index, element] : part.elements) element.write(json, {}, numbered);
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

}  // namespace

config::Result<Completion> completion_from_stream(const Call& call, std::string_view stream,
                                                  const StreamDecoder& decoder) {
  Sum answer;
  SseParser parser;
  parser.feed(stream);
  JsonDocument chunk;
  while (const auto event = parser.next()) {
    if (event->data == "[DONE]") break;
    if (!chunk.read(event->data)) {
      return config::failure(config::ErrorCode::internal, "The answer could not be put together.",
                             std::string(to_string(chunk.fault())));
    }
    answer.add(chunk.root(), false);
  }
  std::string text;
  JsonWriter json(text);
  answer.write(json, object_name(call.chat.operation, false));
  Completion completion;
  completion.body.own(text);
  completion.usage = decoder.usage();
  completion.upstream_id = decoder.upstream_id();
  return completion;
}

}  // namespace providers
