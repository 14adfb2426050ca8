#include "providers/tool_rules.h"

namespace providers {
namespace {

using config::Result;

// Far above what any model takes.
constexpr std::size_t kMostTools = 1024;

// {"name":"…","description":"…","parameters":{…}}
Result<void> check_function(const Place& place, JsonValue function) {
  if (auto object = check_object(place, function); !object) return object;
  if (auto name = check_text(place.member("name"), function["name"]); !name) return name;
  const JsonValue description = function["description"];
  if (auto ok = check_optional_text(place.member("description"), description); !ok) return ok;
  const JsonValue parameters = function["parameters"];
  if (parameters && !parameters.is_null() && !parameters.is(JsonType::object)) {
    return wrong_type(place.member("parameters"), "a JSON schema (an object)", parameters);
  }
  return {};
}

Result<void> check_tool(const Place& place, JsonValue tool) {
  if (auto object = check_object(place, tool); !object) return object;
  const JsonValue type = tool["type"];
  if (auto named = check_text(place.member("type"), type); !named) return named;
  if (!type.equals("function")) return {};
  return check_function(place.member("function"), tool["function"]);
}

Result<void> check_each(const Place& place, JsonValue list, std::string_view wanted,
                        Result<void> (*check)(const Place&, JsonValue)) {
  if (!list.is(JsonType::array)) return wrong_type(place, wanted, list);
  if (list.count() > kMostTools) return wrong_value(place, "an array of at most 1024 elements");
  std::size_t index = 0;
  for (const JsonValue element : list.elements()) {
    if (auto ok = check(place.element(index++), element); !ok) return ok;
  }
  return {};
}

}  // namespace

Result<void> check_tools(const Place& place, JsonValue tools) {
  return check_each(place, tools, "an array of tools", check_tool);
}

Result<void> check_functions(const Place& place, JsonValue functions) {
  return check_each(place, functions, "an array of functions", check_function);
}

Result<void> check_tool_choice(const Place& place, JsonValue choice) {
  constexpr std::string_view kWords = R"("none", "auto", "required", or an object naming a tool)";
  if (choice.is(JsonType::string)) {
    const bool known = choice.equals("none") || choice.equals("auto") || choice.equals("required");
    if (!known) return wrong_value(place, kWords);
    return {};
  }
  if (!choice.is(JsonType::object)) return wrong_type(place, kWords, choice);
  if (auto unique = check_unique(place, choice); !unique) return unique;
  const JsonValue type = choice["type"];
  if (auto named = check_text(place.member("type"), type); !named) return named;
  if (!type.equals("function")) return {};
  const Place function = place.member("function");
  if (auto object = check_object(function, choice["function"]); !object) return object;
  return check_text(function.member("name"), choice["function"]["name"]);
}

Result<void> check_function_call(const Place& place, JsonValue choice) {
  constexpr std::string_view kWords = R"("none", "auto", or an object naming a function)";
  if (choice.is(JsonType::string)) {
    if (!choice.equals("none") && !choice.equals("auto")) return wrong_value(place, kWords);
    return {};
  }
  if (!choice.is(JsonType::object)) return wrong_type(place, kWords, choice);
  if (auto unique = check_unique(place, choice); !unique) return unique;
  return check_text(place.member("name"), choice["name"]);
}

}  // namespace providers
