#include "tests/support/upstream_simulator/handler.h"

#include "tests/support/upstream_simulator/apply_faults.h"
#include "tests/support/upstream_simulator/compose.h"
#include "tests/support/upstream_simulator/control.h"

namespace simulator {
namespace {

std::string_view model_of(const std::optional<js::value>& body) {
  if (!body || !body->is_object()) return {};
  const auto& object = body->get_object();
  const auto model = text_of(object, "model");
  if (!model.empty()) return model;
  // OpenRouter lets models[] stand alone.
  const auto* models = member(object, "models");
  if (!models || !models->is_array() || models->get_array().empty()) return {};
  return text_of(models->get_array()[0]);
}

// A whole answer where a stream was asked for, and the other way round: ask the dialect the
// other question.
std::optional<js::object> turned_around(const js::object* body, const Faults& faults) {
  if (!body) return std::nullopt;
  const bool whole = faults.has(fault("json-though-stream"));
  const bool stream = faults.has(fault("stream-though-json"));
  if (!whole && !stream) return std::nullopt;
  js::object turned = *body;
  turned["stream"] = stream;
  return turned;
}

}  // namespace

Target split_target(std::string_view target) {
  Target split;
  const auto question = std::min(target.find('?'), target.size());
  split.query = target.substr(std::min(question + 1, target.size()));
  split.path = target.substr(0, question);
  if (!split.path.starts_with('/')) return split;

  const auto end = std::min(split.path.find('/', 1), split.path.size());
  const auto first = split.path.substr(1, end - 1);
  const auto plus = std::min(first.find('+'), first.size());
  split.dialect = first.substr(0, plus);
  split.faults = split_names(first.substr(std::min(plus + 1, first.size())));
  split.path.remove_prefix(end);
  return split;
}

Handler::Handler(State& state, std::chrono::milliseconds pace, std::string run)
    : state_(state), pace_(pace), run_(std::move(run)) {
  dialects_.push_back(make_reka());
  dialects_.push_back(make_openrouter());
  dialects_.push_back(make_haimaker());
  dialects_.push_back(make_onprem());
}

const Dialect* Handler::find(std::string_view name) const {
  for (const auto& dialect : dialects_)
    if (dialect->name() == name) return dialect.get();
  return nullptr;
}

Faults Handler::early(std::string_view target) const {
  const auto split = split_target(target);
  return state_.choose_early(split.dialect, split.faults);
}

Reply Handler::answer(const Dialect& dialect, Exchange& exchange) const {
  if (exchange.faults.has(fault("early-401"))) return dialect.refuse(401, Cause::by_status);
  if (auto refusal = refusal_for(exchange.faults, dialect)) return std::move(*refusal);
  const auto turned = turned_around(exchange.body, exchange.faults);
  if (turned) exchange.body = &*turned;
  auto reply = dialect.answer(exchange);
  exchange.body = nullptr;
  if (reply.status != 200) return reply;
  bend_body(reply, exchange.faults, dialect);
  bend_events(reply, exchange.faults, dialect);
  return reply;
}

Played Handler::play(Received request, bool keep_alive, bool http10) {
  const auto target = split_target(request.target);
  if (target.dialect.starts_with('_')) {
    const Wire wire{.keep_alive = keep_alive, .http10 = http10};
    auto script = compose(control(request, state_), Faults(), wire);
    return {std::make_shared<const Script>(std::move(script))};
  }

  const Dialect* dialect = find(target.dialect);
  const bool known = dialect != nullptr;
  if (!known) dialect = find("onprem");

  const auto body = parse_json(request.body);
  const auto asked = model_of(body);
  const auto choice = state_.choose(target.dialect, target.faults, asked);
  Exchange exchange{.request = request,
                    .path = target.path,
                    .query = target.query,
                    .body = body ? body->if_object() : nullptr,
                    .model = std::string(split_model(asked).base),
                    .faults = choice.faults,
                    .number = state_.next_number(),
                    .run = run_,
                    .id = {},
                    .state = state_};
  exchange.id = (run_.empty() ? "" : run_ + "-") + std::to_string(exchange.number);
  LogEntry entry;
  entry.number = exchange.number;
  entry.request = request;
  entry.dialect = target.dialect;
  entry.model = exchange.model;
  entry.faults = choice.faults.names();
  state_.log.add(std::move(entry));

  Reply reply;
  if (!known) {
    reply = json_reply(
        404, R"({"detail":"The simulator knows /reka, /openrouter, /haimaker, /onprem"})");
  } else if (!choice.unknown.empty()) {
    reply =
        dialect->refuse(400, Cause::by_status, "simulator: no fault is called " + choice.unknown);
  } else if (!choice.script) {
    reply = answer(*dialect, exchange);
  }
  if (!choice.script) dialect->dress(reply, exchange);
  state_.log.answered(exchange.number, reply);

  Played played{choice.script, exchange.number};
  if (!played.script) {
    const Wire wire{.keep_alive = keep_alive, .http10 = http10, .pace = pace_};
    auto script = compose(reply, choice.unknown.empty() ? exchange.faults : Faults(), wire);
    played.script = std::make_shared<const Script>(std::move(script));
  }
  return played;
}

}  // namespace simulator
