#include <algorithm>
#include <array>

#include "tests/support/upstream_simulator/apply_faults.h"

namespace simulator {
namespace {

using Events = std::vector<Event>;

bool says_something(const Event& event) {
  return event.kind == EventKind::content || event.kind == EventKind::reasoning ||
         event.kind == EventKind::tool;
}

// Place after the n-th event that says something.
Events::iterator after_content(Events& events, std::uint64_t n) {
  auto at = events.begin();
  for (; at != events.end() && n > 0; ++at)
    if (says_something(*at)) --n;
  return at;
}

void cut(Events& events, Events::iterator at) {
  events.erase(at, events.end());
}

void drop(Events& events, EventKind kind) {
  std::erase_if(events, [kind](const Event& event) { return event.kind == kind; });
}

struct Shape {
  std::size_t row;
  std::string_view json;
  bool done_after;
};

constexpr std::string_view kIntCode =
    R"({"id":"gen-1","object":"chat.completion.chunk","created":1790000000,"model":"m",)"
    R"("provider":"Reka","error":{"code":502,"message":"Upstream closed",)"
    R"("metadata":{"error_type":"provider_unavailable"}},)"
    R"("choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})";
constexpr std::string_view kServerError =
    R"({"id":"gen-1","object":"chat.completion.chunk","created":1790000000,"model":"m",)"
    R"("provider":"Reka","error":{"code":"server_error","message":"Provider disconnected"},)"
    R"("choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})";

constexpr std::array kMidStream{
    Shape{fault("error-mid-int"), kIntCode, true},
    Shape{fault("error-mid-server-error"), kServerError, false},
    Shape{fault("error-mid-bare"), R"({"error":{"code":503,"message":"overloaded"}})", false},
    Shape{fault("error-mid-string"), R"({"error":"it broke"})", false},
    Shape{fault("error-mid-litellm"),
          R"({"error":{"message":"it broke","type":"None","param":"None","code":"500"}})", false},
};

void fail_with(Events& events, Events::iterator at, std::string_view json, bool done_after) {
  cut(events, at);
  events.push_back({EventKind::error, std::string(json)});
  if (done_after) events.push_back({EventKind::done, "[DONE]"});
}

// True when the stream now ends in an error.
bool bend_to_error(Events& events, const Faults& faults, const Dialect& dialect) {
  if (faults.has(fault("error-first-event"))) {
    fail_with(events, events.begin(), dialect.failing_event(), dialect.done_after_failure());
    return true;
  }
  if (faults.has(fault("error-mid-stream"))) {
    fail_with(events, after_content(events, 2), dialect.failing_event(),
              dialect.done_after_failure());
    return true;
  }
  for (const auto& shape : kMidStream) {
    if (!faults.has(shape.row)) continue;
    fail_with(events, after_content(events, 2), shape.json, shape.done_after);
    return true;
  }
  if (faults.has(fault("error-mid-named"))) {
    cut(events, after_content(events, 2));
    events.push_back({EventKind::raw, "event: error\ndata: {\"message\":\"it broke\"}\n\n"});
    return true;
  }
  if (faults.has(fault("error-mid-raw"))) {
    cut(events, after_content(events, 2));
    events.push_back({EventKind::raw, "{\"error\":{\"message\":\"it broke\",\"code\":500}}"});
    return true;
  }
  return false;
}

void bend_the_end(Events& events, const Faults& faults) {
  if (faults.has(fault("end-no-finish"))) cut(events, after_content(events, 3));
  if (const auto n = faults.number(fault("end-after-<n>"))) cut(events, after_content(events, *n));
  if (faults.has(fault("cut-no-done"))) drop(events, EventKind::done);
  if (faults.has(fault("done-twice"))) events.push_back({EventKind::done, "[DONE]"});
  if (faults.has(fault("data-after-done"))) {
    const auto content = std::ranges::find(events, EventKind::content, &Event::kind);
    if (content != events.end()) events.push_back(Event(*content));
  }
  if (faults.has(fault("usage-after-done")))
    events.push_back(
        {EventKind::usage,
         R"({"id":"x","object":"chat.completion.chunk","created":1790000000,"model":"m",)"
         R"("choices":[],"usage":{"prompt_tokens":70000,"completion_tokens":20000,)"
         R"("total_tokens":90000}})"});
}

void bend_single_events(Events& events, const Faults& faults) {
  if (faults.has(fault("bad-json-event")))
    events.insert(after_content(events, 2), {EventKind::error, R"({"choices":[{"delta":)"});
  if (faults.has(fault("bad-json-events")))
    for (auto at = after_content(events, 1); at != events.end(); ++at)
      if (at->kind != EventKind::done) at->data = "no json " + at->data;
  if (faults.has(fault("bad-utf8-event"))) {
    const auto at = std::ranges::find(events, EventKind::content, &Event::kind);
    const auto place = at == events.end() ? std::string::npos : at->data.find("\"content\":\"");
    if (place != std::string::npos) at->data.insert(place + 11, "\xff\xc3");
  }
  if (const auto size = faults.number(fault("big-event-<n>"))) {
    const auto at = std::ranges::find(events, EventKind::content, &Event::kind);
    const auto place = at == events.end() ? std::string::npos : at->data.find("\"content\":\"");
    if (place != std::string::npos) at->data.insert(place + 11, std::string(*size, 'x'));
  }
}

void plain_stream(Events& events) {
  events = {
      {EventKind::role,
       R"({"id":"c1","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})"},
      {EventKind::content,
       R"({"id":"c1","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]})"},
      {EventKind::content,
       R"({"id":"c1","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":[{"index":0,"delta":{"content":" there"},"finish_reason":null}]})"},
      {EventKind::finish,
       R"({"id":"c1","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"},
      {EventKind::usage,
       R"({"id":"c1","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}})"},
      {EventKind::done, "[DONE]"}};
}

// OpenRouter's sign of life, before the first event and between the others.
void add_comments(Events& events) {
  Events with;
  for (std::size_t at = 0; at < events.size(); ++at) {
    if (at % 3 == 0) with.push_back({EventKind::comment, " OPENROUTER PROCESSING"});
    with.push_back(std::move(events[at]));
  }
  events = std::move(with);
}

}  // namespace

void bend_events(Reply& reply, const Faults& faults, const Dialect& dialect) {
  if (!reply.streamed) return;
  auto& events = reply.events;
  if (faults.has(fault("sse-llm-plain"))) {
    plain_stream(events);
    reply.accounting = {7, 2, 0};
  }
  if (faults.has(fault("empty-stream"))) events.clear();
  if (faults.has(fault("comments-once")))
    events.assign(3, {EventKind::comment, " OPENROUTER PROCESSING"});
  if (faults.has(fault("newlines-only"))) events.assign(20, {EventKind::raw, "\n"});
  bend_single_events(events, faults);
  if (!bend_to_error(events, faults, dialect)) bend_the_end(events, faults);
  const bool bare = faults.has(fault("sse-llm-plain")) || faults.has(fault("comments-once")) ||
                    faults.has(fault("newlines-only"));
  if (faults.has(fault("comments")) || (dialect.name() == "openrouter" && !bare))
    add_comments(events);
}

}  // namespace simulator
