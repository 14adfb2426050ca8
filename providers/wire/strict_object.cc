#include "providers/wire/strict_object.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/base/utf8.h"
#include "config/nearest.h"

namespace providers {

StrictObject::StrictObject(JsonValue value, const Place& place) : place_(place), value_(value) {
  if (!value.is(JsonType::object) && place.str().empty()) {
    fault_ = config::invalid_request("The body must be a JSON object.");
  } else if (auto object = check_object(place, value); !object) {
    fault_ = std::move(object).error();
  }
}

JsonValue StrictObject::get(std::string_view name) {
  known_.push_back(name);
  return value_[name];
}

bool StrictObject::one_line(const Place& place, JsonValue value, std::string& out,
                            std::size_t longest) {
  if (auto is_text = check_text(place, value); !is_text) {
    fail(std::move(is_text).error());
    return false;
  }
  std::string text = value.text();
  if (text.size() > longest || std::any_of(text.begin(), text.end(), config::is_control)) {
    fail(wrong_value(place, fmt::format("one line of at most {} bytes", longest)));
    return false;
  }
  out = std::move(text);
  return true;
}

void StrictObject::text(std::string_view name, std::string& out, std::size_t longest) {
  const JsonValue value = get(name);
  if (!value) return;
  if (value.is_null()) return out.clear();
  one_line(place_of(name), value, out, longest);
}

void StrictObject::words(std::string_view name, std::vector<std::string>& out, std::size_t most,
                         std::size_t longest) {
  const JsonValue value = get(name);
  if (!value) return;
  if (value.is_null()) return out.clear();
  const Place place = place_of(name);
  if (!value.is(JsonType::array)) return fail(wrong_type(place, "a list of strings", value));
  std::vector<std::string> read;
  for (const JsonValue element : value.elements()) {
    if (read.size() == most) {
      return fail(wrong_value(place, fmt::format("a list of at most {}", most)));
    }
    const Place inner = place.element(read.size());
    std::string word;
    if (!one_line(inner, element, word, longest)) return;
    if (word.empty()) return fail(wrong_value(inner, "a text that is not empty"));
    read.push_back(std::move(word));
  }
  out = std::move(read);
}

void StrictObject::flag(std::string_view name, bool& out) {
  const JsonValue value = get(name);
  if (!value) return;
  const auto read = value.boolean();
  if (!read) return fail(wrong_type(place_of(name), "true or false", value));
  out = *read;
}

void StrictObject::whole(std::string_view name, std::optional<std::int64_t>& out,
                         std::int64_t least, std::int64_t most) {
  const JsonValue value = get(name);
  if (!value) return;
  if (value.is_null()) return out.reset();
  const Place place = place_of(name);
  const std::string wanted = fmt::format("a whole number from {} to {}", least, most);
  if (!value.is(JsonType::number)) return fail(wrong_type(place, wanted, value));
  const auto number = value.integer();
  if (!number || *number < least || *number > most) return fail(wrong_value(place, wanted));
  out = number;
}

void StrictObject::fail(config::Error error) {
  if (!fault_) fault_ = std::move(error);
}

config::Result<void> StrictObject::done() {
  for (const JsonMemberView& member : value_.members()) {
    if (fault_) break;
    std::string storage;
    const std::string_view name = member.key.text(storage);
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const Place place = place_.member(name);
    fail(config::invalid_request(
        config::as_sentence(fmt::format("`{}` is not a field known here{}", place.str(),
                                        config::did_you_mean(name, known_))),
        place.str()));
  }
  if (fault_) return *fault_;
  return {};
}

}  // namespace providers
