#include "providers/refusal.h"

#include <charconv>

#include "providers/retry_after.h"

namespace providers {
namespace {

// LiteLLM spells "nothing" as a word.
std::string word_of(JsonValue value) {
  std::string text = value.text();
  if (text == "None" || text == "null") text.clear();
  return text;
}

bool truthy(JsonValue value) {
  switch (value.type()) {
    case JsonType::absent:
    case JsonType::null:
      return false;
    case JsonType::boolean:
      return value.boolean() == true;
    case JsonType::string:
      return !value.raw_text().empty();
    case JsonType::number:
      return value.number() != 0.0;
    case JsonType::object:
    case JsonType::array:
      return !value.empty();
  }
  return false;
}

// {"loc":["body","messages"],"msg":"field required"}, FastAPI's.
void read_detail(JsonValue detail, Refusal& out) {
  if (detail.is(JsonType::string)) {
    out.message = detail.text();
    return;
  }
  const JsonValue first = detail[0];
  if (!first) return;
  out.message = first["msg"].text();
  for (JsonValue step : first["loc"].elements()) {
    if (step.equals("body")) continue;
    if (!step.is(JsonType::string)) {
      out.param.append("[").append(step.raw()).append("]");
      continue;
    }
    if (!out.param.empty()) out.param += '.';
    out.param += step.text();
  }
}

void read_code(JsonValue code, Refusal& out) {
  const std::string text = code.is(JsonType::string) ? word_of(code) : std::string(code.raw());
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && number >= 400 && number <= 599) {
    if (out.status == 0) out.status = number;
  } else if (code.is(JsonType::string) && !whole) {
    out.code = text;
  }
}

// OpenRouter's, where it says when it can serve the model again.
void read_availability(JsonValue availability, Refusal& out) {
  if (!availability.is(JsonType::object)) return;
  out.availability = availability["code"].text();
  if (const auto wait = availability["retry_after"].number()) {
    out.retry_after = clamped(*wait * 1e3);
  }
}

void read_error(JsonValue error, Refusal& out);
void read_body(JsonValue root, Refusal& out);

// The error message in what a provider behind the upstream answered. Its body may hold
// the prompt as well, and so may whatever looks like a piece of one.
std::string message_in(const std::string& raw, JsonDocument& document) {
  if (document.read(raw)) {
    Refusal inner;
    read_body(document.root(), inner);
    return inner.message;
  }
  return is_words(raw) ? raw : std::string();
}

void read_metadata(JsonValue error, Refusal& out, JsonDocument& nested, std::int64_t now) {
  const JsonValue metadata = error["metadata"];
  if (out.kind.empty()) out.kind = metadata["error_type"].text();
  if (out.availability.empty() && !out.retry_after)
    read_availability(metadata["availability"], out);
  out.moderated = !metadata["reasons"].empty() || metadata["flagged_input"];
  // "Provider returned error" says nothing; what the provider said stands here.
  const JsonValue raw = metadata["raw"];
  if (raw && !raw.is_null()) {
    out.raw = raw.is(JsonType::string) ? raw.text() : std::string(raw.raw());
    if (const auto said = message_in(out.raw, nested); !said.empty()) out.message += ": " + said;
  }
  for (const char* name : {"X-RateLimit-Reset", "x-ratelimit-reset"}) {
    const JsonValue reset = metadata["headers"][name];
    const auto text = reset.is(JsonType::string) ? reset.text() : std::string(reset.raw());
    if (!out.retry_after) out.retry_after = until_reset(text, now);
  }
}

void read_error(JsonValue error, Refusal& out) {
  if (error.is(JsonType::string)) {
    out.message = error.text();
    return;
  }
  out.message = error["message"].text();
  out.type = word_of(error["type"]);
  out.param = word_of(error["param"]);
  out.kind = error["error_type"].text();
  read_code(error["code"], out);
  const auto http_status = error["http_status"].integer();
  if (out.status == 0 && http_status && *http_status >= 400 && *http_status <= 599) {
    out.status = static_cast<int>(*http_status);
  }
  read_availability(error["availability"], out);
}

void read_body(JsonValue root, Refusal& out) {
  const JsonValue error = root["error"];
  if (truthy(error)) {
    read_error(error, out);
  } else if (root["detail"]) {
    read_detail(root["detail"], out);
  } else if (root.is(JsonType::object)) {
    read_error(root, out);
  } else if (root.is(JsonType::string)) {
    out.message = root.text();
  }
  if (out.message.empty()) out.message = root["message"].text();
}

}  // namespace

bool is_page(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

bool is_words(std::string_view text) {
  return !text.empty() && !is_page(text) && text.find('{') == std::string_view::npos;
}

void read_refusal(JsonValue root, JsonDocument& nested, std::int64_t now, Refusal& out) {
  read_body(root, out);
  const JsonValue error = root["error"];
  read_metadata(truthy(error) ? error : root, out, nested, now);
}

bool holds_error(JsonValue object) {
  return stands_for_error(object["error"], object["object"]);
}

bool stands_for_error(JsonValue error, JsonValue object) {
  return truthy(error) || object.equals("error");
}

}  // namespace providers
