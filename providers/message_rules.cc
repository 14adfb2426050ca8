#include "providers/message_rules.h"

#include <algorithm>
#include <array>

namespace providers {
namespace {

using config::Result;

// What must stand in a message of each role.
struct RoleRule {
  std::string_view role;
  bool needs_content;
  bool needs_call_id;
  bool needs_name;
};
constexpr RoleRule kRoles[] = {
    {"system", true, false, false}, {"developer", true, false, false},
    {"user", true, false, false},   {"assistant", false, false, false},
    {"tool", true, true, false},    {"function", false, false, true},
};
constexpr std::string_view kRoleNames =
    "one of \"system\", \"developer\", \"user\", \"assistant\", \"tool\" and \"function\"";

const RoleRule* find_role(JsonValue role) {
  const auto* found = std::find_if(std::begin(kRoles), std::end(kRoles),
                                   [&](const RoleRule& rule) { return role.equals(rule.role); });
  return found == std::end(kRoles) ? nullptr : found;
}

// {"image_url":"…"} or {"image_url":{"url":"…"}}
Result<void> check_link(const Place& place, JsonValue link) {
  if (link.is(JsonType::string)) return {};
  if (!link.is(JsonType::object)) {
    return wrong_type(place, "a URL, or an object with a `url`", link);
  }
  if (auto unique = check_unique(place, link); !unique) return unique;
  if (auto detail = check_optional_text(place.member("detail"), link["detail"]); !detail) {
    return detail;
  }
  return check_text(place.member("url"), link["url"]);
}

Result<void> check_sound(const Place& place, JsonValue sound) {
  if (auto object = check_object(place, sound); !object) return object;
  if (auto data = check_text(place.member("data"), sound["data"]); !data) return data;
  return check_text(place.member("format"), sound["format"]);
}

Result<void> check_file(const Place& place, JsonValue file) {
  if (auto object = check_object(place, file); !object) return object;
  for (const std::string_view name : {"file_data", "file_id", "filename"}) {
    if (auto text = check_optional_text(place.member(name), file[name]); !text) return text;
  }
  return {};
}

// A part's type, the member that bears its content, and what it asks of a target.
struct PartRule {
  std::string_view type;
  Result<void> (*check)(const Place& place, JsonValue content);
  bool Features::* wants;
};
constexpr PartRule kParts[] = {
    {"text", check_text, nullptr},
    {"refusal", check_text, nullptr},
    {"image_url", check_link, &Features::images},
    {"video_url", check_link, &Features::video},
    {"audio_url", check_link, &Features::audio},
    {"input_audio", check_sound, &Features::audio},
    {"pdf_url", check_link, &Features::files},
    {"file", check_file, &Features::files},
};

Result<void> check_part(const Place& place, JsonValue part, Features& wants) {
  if (auto object = check_object(place, part); !object) return object;
  const JsonValue type = part["type"];
  if (auto named = check_text(place.member("type"), type); !named) return named;
  for (const PartRule& rule : kParts) {
    if (!type.equals(rule.type)) continue;
    if (auto content = rule.check(place.member(rule.type), part[rule.type]); !content) {
      return content;
    }
    if (rule.wants != nullptr) wants.*rule.wants = true;
    if (rule.wants == &Features::images) ++wants.image_count;
  }
  return {};
}

Result<void> check_content(const Place& place, JsonValue content, bool needed, Features& wants) {
  if (content.is(JsonType::string)) return {};
  if (!content || content.is_null()) {
    if (!needed) return {};
    return wrong_type(place, "a string or an array of content parts", content);
  }
  if (!content.is(JsonType::array)) {
    return wrong_type(place, "a string or an array of content parts", content);
  }
  std::size_t index = 0;
  for (const JsonValue part : content.elements()) {
    if (auto ok = check_part(place.element(index++), part, wants); !ok) return ok;
  }
  return {};
}

// {"name":"…","arguments":"…"}
Result<void> check_call(const Place& place, JsonValue call) {
  if (auto object = check_object(place, call); !object) return object;
  if (auto name = check_text(place.member("name"), call["name"]); !name) return name;
  const JsonValue arguments = call["arguments"];
  if (arguments.is(JsonType::string)) return {};
  return wrong_type(place.member("arguments"), "a string that holds JSON", arguments);
}

Result<void> check_tool_calls(const Place& place, JsonValue calls) {
  if (!calls.is(JsonType::array)) return wrong_type(place, "an array of tool calls", calls);
  std::size_t index = 0;
  for (const JsonValue call : calls.elements()) {
    const Place here = place.element(index++);
    if (auto object = check_object(here, call); !object) return object;
    if (auto id = check_text(here.member("id"), call["id"]); !id) return id;
    const JsonValue type = call["type"];
    if (auto named = check_optional_text(here.member("type"), type); !named) return named;
    const bool function = !type || type.is_null() || type.equals("function");
    if (!function) continue;
    if (auto ok = check_call(here.member("function"), call["function"]); !ok) return ok;
  }
  return {};
}

Result<void> check_message(const Place& place, JsonValue message, Features& wants) {
  if (auto object = check_object(place, message); !object) return object;

  const JsonValue role = message["role"];
  if (!role.is(JsonType::string)) return wrong_type(place.member("role"), kRoleNames, role);
  const RoleRule* rule = find_role(role);
  if (rule == nullptr) return wrong_value(place.member("role"), kRoleNames);

  const Place content = place.member("content");
  if (auto ok = check_content(content, message["content"], rule->needs_content, wants); !ok) {
    return ok;
  }
  const auto text = [&](std::string_view name, bool needed) {
    const Place here = place.member(name);
    return needed ? check_text(here, message[name]) : check_optional_text(here, message[name]);
  };
  if (auto ok = text("tool_call_id", rule->needs_call_id); !ok) return ok;
  if (auto ok = text("name", rule->needs_name); !ok) return ok;
  for (const std::string_view name : {"refusal", "reasoning_content", "reasoning"}) {
    if (auto ok = text(name, false); !ok) return ok;
  }
  const JsonValue details = message["reasoning_details"];
  if (details && !details.is_null() && !details.is(JsonType::array)) {
    return wrong_type(place.member("reasoning_details"), "an array", details);
  }

  if (const JsonValue calls = message["tool_calls"]; calls && !calls.is_null()) {
    if (auto ok = check_tool_calls(place.member("tool_calls"), calls); !ok) return ok;
    wants.tool_messages = wants.tool_messages || !calls.empty();
  }
  if (const JsonValue call = message["function_call"]; call && !call.is_null()) {
    if (auto ok = check_call(place.member("function_call"), call); !ok) return ok;
    wants.tool_messages = true;
  }
  if (rule->needs_call_id || rule->needs_name) wants.tool_messages = true;

  wants.prefill = role.equals("assistant");
  if (role.equals("developer")) wants.developer_messages = true;
  if (rule->needs_name || message["function_call"].is(JsonType::object)) {
    wants.function_messages = true;
  }
  for (const char* name : {"reasoning", "reasoning_content", "reasoning_details"}) {
    if (message[name]) wants.reasoning_messages = true;
  }
  return {};
}

}  // namespace

Result<void> check_messages(const Place& place, JsonValue messages, Features& wants) {
  if (!messages.is(JsonType::array)) {
    return wrong_type(place, "an array of messages", messages);
  }
  if (messages.empty()) return wrong_value(place, "an array of at least one message");
  std::size_t index = 0;
  for (const JsonValue message : messages.elements()) {
    if (auto ok = check_message(place.element(index++), message, wants); !ok) return ok;
  }
  return {};
}

}  // namespace providers
