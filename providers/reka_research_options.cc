#include "providers/reka_research_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "providers/wire/json_document.h"
#include "providers/wire/json_writer.h"

namespace providers::reka {
namespace {

using config::invalid_request;
using config::Result;

const std::string kWebSearch = "research.web_search";

bool given(JsonValue value) {
  return value && !value.is_null();
}

Result<void> check_object(JsonValue value, const std::string& param) {
  if (!given(value) || value.is(JsonType::object)) return {};
  return invalid_request(fmt::format("{} must be an object.", param), param);
}

Result<void> check_domains(JsonValue domains, const std::string& param) {
  if (!given(domains)) return {};
  bool strings = domains.is(JsonType::array);
  for (const JsonValue domain : domains.elements()) strings &= domain.is(JsonType::string);
  if (strings) return {};
  return invalid_request(fmt::format("{} must be an array of strings.", param), param);
}

Result<void> check_location(JsonValue location, const std::string& param) {
  if (!given(location)) return {};
  if (!location["type"].equals("approximate")) {
    return invalid_request(fmt::format("{}.type must be \"approximate\".", param), param + ".type");
  }
  const JsonValue place = location["approximate"];
  const std::string inner = param + ".approximate";
  if (!place.is(JsonType::object)) {
    return invalid_request(fmt::format("{} must be an object.", inner), inner);
  }
  for (const char* name : {"city", "region", "country", "timezone"}) {
    const JsonValue part = place[name];
    if (given(part) && !part.is(JsonType::string)) {
      return invalid_request(fmt::format("{}.{} must be a string.", inner, name),
                             fmt::format("{}.{}", inner, name));
    }
  }
  const JsonValue country = place["country"];
  if (given(country) && country.text().size() != 2) {
    return invalid_request(
        fmt::format("{}.country must be an ISO 3166-1 code of two letters.", inner),
        inner + ".country");
  }
  return {};
}

Result<void> check_web_search(JsonValue search) {
  if (auto ok = check_object(search, kWebSearch); !ok) return ok;
  const JsonValue enabled = search["enabled"];
  if (given(enabled) && !enabled.boolean()) {
    return invalid_request("research.web_search.enabled must be true or false.",
                           kWebSearch + ".enabled");
  }
  const JsonValue uses = search["max_uses"];
  if (given(uses) && uses.integer().value_or(-1) < 0) {
    return invalid_request("research.web_search.max_uses must be a whole number.",
                           kWebSearch + ".max_uses");
  }
  for (const char* name : {"allowed_domains", "blocked_domains"}) {
    if (auto ok = check_domains(search[name], fmt::format("{}.{}", kWebSearch, name)); !ok) {
      return ok;
    }
  }
  if (given(search["allowed_domains"]) && given(search["blocked_domains"])) {
    return invalid_request(
        "research.web_search takes allowed_domains or blocked_domains, not both.",
        kWebSearch + ".blocked_domains");
  }
  return check_location(search["user_location"], kWebSearch + ".user_location");
}

Result<std::string> read_mode(JsonValue research, bool stream) {
  const std::string param = "research.parallel_thinking";
  const JsonValue thinking = research["parallel_thinking"];
  if (auto ok = check_object(thinking, param); !ok) return ok.error();
  const JsonValue mode = thinking["mode"];
  if (!given(mode)) return std::string("none");
  std::string text = mode.text();
  if (text != "none" && text != "low" && text != "high") {
    return invalid_request("research.parallel_thinking.mode must be none, low or high.",
                           param + ".mode");
  }
  if (stream && text != "none") {
    return invalid_request(
        "research.parallel_thinking does not go together with stream: true; ask for one of them.",
        param + ".mode");
  }
  return text;
}

const JsonMember* find_given(const ChatRequest& chat, std::string_view name) {
  const JsonMember* member = chat.find(name);
  return member != nullptr && chat.raw(*member) != "null" ? member : nullptr;
}

// Makes the object of what OpenAI's clients can say.
Result<void> make_object(const Call& call, ResearchOptions& out) {
  const ChatRequest& chat = call.chat;
  std::string location;
  if (const JsonMember* search = find_given(chat, "web_search_options")) {
    const bool read = call.json.nested.read(chat.raw(*search));
    const JsonValue root = call.json.nested.root();
    const JsonValue place = root["user_location"];
    if (read && given(place)) {
      if (auto ok = check_location(place, "web_search_options.user_location"); !ok) return ok;
      location = place.raw();
    }
    // How much to search cannot be said.
    out.drops_web_search_options = root.count() > (given(place) ? 1U : 0U);
  }
  if (const JsonMember* effort = find_given(chat, "reasoning_effort")) {
    const bool high = chat.raw(*effort) == R"("high")";
    if (high && call.target.can.parallel_thinking && !chat.stream) {
      out.parallel_thinking = "high";
    } else {
      out.drops_reasoning_effort = true;
    }
  }
  if (location.empty() && out.parallel_thinking == "none") return {};
  JsonWriter json(out.made);
  json.begin_object();
  if (!location.empty()) {
    json.key("web_search").begin_object().raw_member("user_location", location).end_object();
  }
  if (out.parallel_thinking != "none") {
    json.key("parallel_thinking").begin_object();
    json.member("mode", out.parallel_thinking).end_object();
  }
  json.end_object();
  return {};
}

}  // namespace

Result<ResearchOptions> read_research_options(const Call& call) {
  ResearchOptions out;
  const ChatRequest& chat = call.chat;
  const JsonMember* member = find_given(chat, "research");
  if (member == nullptr) {
    if (auto made = make_object(call, out); !made) return made.error();
    return out;
  }
  // The client speaks to Research itself: what it says goes as it came.
  out.drops_web_search_options = find_given(chat, "web_search_options") != nullptr;
  out.drops_reasoning_effort = find_given(chat, "reasoning_effort") != nullptr;
  const bool read = call.json.nested.read(chat.raw(*member));
  const JsonValue research = call.json.nested.root();
  if (!read || !research.is(JsonType::object)) {
    return invalid_request("research must be an object.", "research");
  }
  if (auto ok = check_web_search(research["web_search"]); !ok) return ok.error();
  auto mode = read_mode(research, chat.stream);
  if (!mode) return mode.error();
  out.parallel_thinking = *std::move(mode);
  return out;
}

Result<void> check_research_format(const Call& call) {
  const JsonMember* member = find_given(call.chat, "response_format");
  if (member == nullptr || !call.chat.wants.json_schema) return {};
  if (!call.json.nested.read(call.chat.raw(*member))) return {};
  const std::string name = call.json.nested.root()["json_schema"]["name"].text();
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), is_allowed)) {
    return {};
  }
  return invalid_request(
      "response_format.json_schema.name must be 1 to 64 letters, digits, _ or -.",
      "response_format.json_schema.name");
}

std::string_view price_variant(std::string_view parallel_thinking) {
  if (parallel_thinking == "low") return "parallel_low";
  if (parallel_thinking == "high") return "parallel_high";
  return {};
}

}  // namespace providers::reka
