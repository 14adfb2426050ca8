#include "tests/support/upstream_simulator/control.h"

#include <algorithm>
#include <charconv>

#include "tests/support/upstream_simulator/base64.h"
#include "tests/support/upstream_simulator/compose.h"

namespace simulator {
namespace {

Reply complain(std::string_view text) {
  return json_reply(400, js::serialize(js::object{{"problem", json_string(text)}}));
}

std::optional<Ending> ending_of(std::string_view name) {
  if (name.empty() || name == "keep_alive") return Ending::keep_alive;
  if (name == "close") return Ending::close;
  if (name == "reset") return Ending::reset;
  if (name == "stall") return Ending::stall;
  return std::nullopt;
}

std::optional<Step> segment_of(const js::value& value) {
  const auto* object = value.if_object();
  if (!object) return std::nullopt;
  Step step;
  step.bytes = text_of(*object, "text");
  if (member(*object, "base64")) {
    auto bytes = from_base64(text_of(*object, "base64"));
    if (!bytes) return std::nullopt;
    step.bytes = std::move(*bytes);
  }
  step.times = static_cast<std::uint64_t>(
      std::max<std::int64_t>(integer_of(*object, "times").value_or(1), 1));
  step.before = std::chrono::milliseconds(integer_of(*object, "delay_ms").value_or(0));
  return step;
}

std::optional<RawAnswer> raw_of(const js::object& json) {
  RawAnswer raw;
  if (const auto* framed = member(json, "framed"); framed && framed->is_bool())
    raw.framed = framed->get_bool();
  raw.status = static_cast<unsigned>(integer_of(json, "status").value_or(200));
  if (const auto* headers = member(json, "headers"); headers && headers->is_array()) {
    raw.headers.clear();
    for (const auto& header : headers->get_array()) {
      const auto* pair = header.if_array();
      if (!pair || pair->size() != 2) return std::nullopt;
      raw.headers.emplace_back(text_of((*pair)[0]), text_of((*pair)[1]));
    }
  }
  const auto* segments = member(json, "segments");
  if (!segments || !segments->is_array()) return std::nullopt;
  for (const auto& segment : segments->get_array()) {
    auto step = segment_of(segment);
    if (!step) return std::nullopt;
    raw.segments.push_back(std::move(*step));
  }
  const auto ending = ending_of(text_of(json, "ending"));
  if (!ending) return std::nullopt;
  raw.ending = *ending;
  return raw;
}

std::vector<std::string> texts_of(const js::object& json, std::string_view name) {
  std::vector<std::string> texts;
  const auto* list = member(json, name);
  if (!list || !list->is_array()) return texts;
  for (const auto& entry : list->get_array()) texts.emplace_back(text_of(entry));
  return texts;
}

Reply take_order(const js::object& json, State& state) {
  Order order;
  order.faults = texts_of(json, "faults");
  for (const auto& name : order.faults) {
    // Counting modifiers are resolved when the order is carried out.
    const bool counted = name.ends_with("-then-ok") || name.starts_with("flap-");
    if (!counted && !Faults().add(name)) return complain("no fault is called " + name);
  }
  if (const auto dialect = text_of(json, "dialect"); !dialect.empty()) order.dialect = dialect;
  if (const auto model = text_of(json, "model"); !model.empty()) order.model = model;
  order.times = integer_of(json, "times").value_or(1);
  if (const auto* script = member(json, "script"); script && script->is_object()) {
    const auto raw = raw_of(script->get_object());
    if (!raw) return complain("script needs segments of {text | base64, delay_ms?, times?}");
    const auto name = text_of(json, "name");
    if (!name.empty()) {
      state.store_script(std::string(name), script_of(*raw));
      return json_reply(200, R"({"stored":true})");
    }
    order.script = std::make_shared<const Script>(script_of(*raw));
  }
  if (order.faults.empty() && !order.script) return complain("an order needs faults or a script");
  state.give(std::move(order));
  return json_reply(200, R"({"ordered":true})");
}

Reply take_control(const Received& request, State& state) {
  const auto json = parse_json(request.body);
  if (!json || !json->is_object()) return complain("a JSON object is needed");
  const auto& object = json->get_object();
  if (truthy(object, "reset")) {
    state.reset();
    return json_reply(200, R"({"reset":true})");
  }
  if (truthy(object, "clear_log")) {
    state.log.clear();
    return json_reply(200, R"({"cleared":true})");
  }
  if (const auto* keys = member(object, "keys"); keys && keys->is_object()) {
    for (const auto& entry : keys->get_object()) {
      const std::string dialect(entry.key().data(), entry.key().size());
      state.expect_keys(dialect, texts_of(keys->get_object(), dialect));
    }
    return json_reply(200, R"({"keys":true})");
  }
  return take_order(object, state);
}

std::uint64_t number_in(std::string_view query, std::string_view name) {
  const auto at = query.find(name);
  std::uint64_t number = 0;
  if (at == std::string_view::npos) return number;
  const auto text = query.substr(at + name.size());
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Reply log_lines(const Received& request, State& state) {
  Reply reply = json_reply(200, "");
  reply.content_type = "application/x-ndjson";
  for (const auto& entry : state.log.entries(number_in(request.target, "after=")))
    reply.body += js::serialize(to_json(entry)) + "\n";
  return reply;
}

Reply stats(State& state) {
  const auto totals = state.log.totals();
  return json_reply(200, js::serialize(js::object{{"connections", totals.connections},
                                                  {"open_connections", totals.open_connections},
                                                  {"requests", totals.requests},
                                                  {"prompt_tokens", totals.prompt_tokens},
                                                  {"completion_tokens", totals.completion_tokens},
                                                  {"pico_usd", totals.pico_usd},
                                                  {"clients_left", totals.clients_left}}));
}

Reply fault_list() {
  js::array list;
  for (const auto& spec : kFaults)
    list.push_back(js::object{{"group", json_string(spec.group)},
                              {"name", json_string(spec.name)},
                              {"help", json_string(spec.help)}});
  return json_reply(200, js::serialize(list));
}

}  // namespace

Script script_of(const RawAnswer& raw) {
  Script script;
  script.ending = raw.ending;
  if (!raw.framed) {
    script.steps = raw.segments;
    return script;
  }
  std::string head = "HTTP/1.1 " + std::to_string(raw.status) + " ";
  head += std::string(reason_of(raw.status)) + "\r\n";
  for (const auto& [name, value] : raw.headers) head += name + ": " + value + "\r\n";
  script.send(head + "Transfer-Encoding: chunked\r\n\r\n");
  for (const auto& segment : raw.segments) {
    if (segment.bytes.empty()) {
      script.steps.push_back(segment);
      continue;
    }
    char size[20];
    const auto end = std::to_chars(size, size + sizeof size, segment.bytes.size(), 16).ptr;
    script.steps.push_back(
        {std::string(size, end) + "\r\n" + segment.bytes + "\r\n", segment.times, segment.before});
  }
  if (raw.ending == Ending::keep_alive) script.send("0\r\n\r\n");
  return script;
}

Reply control(const Received& request, State& state) {
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  if (request.method == "POST" && path == "/_control") return take_control(request, state);
  if (request.method != "GET") return complain("GET, or POST /_control");
  if (path == "/_log") return log_lines(request, state);
  if (path == "/_stats") return stats(state);
  if (path == "/_faults") return fault_list();
  return json_reply(404, R"({"problem":"there are /_control, /_log, /_stats and /_faults"})");
}

}  // namespace simulator
