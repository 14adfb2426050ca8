#include "providers/message_rules.h"

#include "providers/wire/json_names.h"

namespace providers {
namespace {

using config::Result;

// What must stand in a message of each role.
struct RoleRule {
  bool needs_content;
  bool needs_call_id;
  bool needs_name;
};
constexpr JsonNames kRoles("system", "developer", "user", "assistant", "tool", "function");
enum : std::size_t { kSystem, kDeveloper, kUser, kAssistant, kTool, kFunction };
constexpr RoleRule kRoleRules[] = {
    {true, false, false},  {true, false, false}, {true, false, false},
    {false, false, false}, {true, true, false},  {false, false, true},
};
constexpr std::string_view kRoleNames =
    "one of \"system\", \"developer\", \"user\", \"assistant\", \"tool\" and \"function\"";

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

constexpr JsonNames kMessage("role", "content", "tool_call_id", "name", "refusal",
                             "reasoning_content", "reasoning", "reasoning_details", "tool_calls",
                             "function_call");

Result<void> check_message(const Place& place, JsonValue message, Features& wants) {
  if (auto object = check_object(place, message); !object) return object;
  const auto [role, content, call_id, name, refusal, reasoning_content, reasoning, details, calls,
              call] = kMessage.in(message);

  if (!role.is(JsonType::string)) return wrong_type(place.member("role"), kRoleNames, role);
  const std::size_t known = kRoles.find_text(role);
  if (known == kRoles.kNone) return wrong_value(place.member("role"), kRoleNames);
  const RoleRule& rule = kRoleRules[known];

  if (auto ok = check_content(place.member("content"), content, rule.needs_content, wants); !ok) {
    return ok;
  }
  const auto text = [&](std::string_view of, JsonValue value, bool needed) {
    const Place here = place.member(of);
    return needed ? check_text(here, value) : check_optional_text(here, value);
  };
  if (auto ok = text("tool_call_id", call_id, rule.needs_call_id); !ok) return ok;
  if (auto ok = text("name", name, rule.needs_name); !ok) return ok;
  if (auto ok = text("refusal", refusal, false); !ok) return ok;
  if (auto ok = text("reasoning_content", reasoning_content, false); !ok) return ok;
  if (auto ok = text("reasoning", reasoning, false); !ok) return ok;
  if (details && !details.is_null() && !details.is(JsonType::array)) {
    return wrong_type(place.member("reasoning_details"), "an array", details);
  }

  if (calls && !calls.is_null()) {
    if (auto ok = check_tool_calls(place.member("tool_calls"), calls); !ok) return ok;
    wants.tool_messages = wants.tool_messages || !calls.empty();
  }
  if (call && !call.is_null()) {
    if (auto ok = check_call(place.member("function_call"), call); !ok) return ok;
    wants.tool_messages = true;
  }
  if (rule.needs_call_id || rule.needs_name) wants.tool_messages = true;

  wants.prefill = known == kAssistant;
  if (known == kDeveloper) wants.developer_messages = true;
  if (rule.needs_name || call.is(JsonType::object)) wants.function_messages = true;
  if (reasoning || reasoning_content || details) wants.reasoning_messages = true;
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
