#include "providers/reka_research_stream.h"

#include <algorithm>

#include "providers/wire/edits.h"

namespace providers::reka {

using config::Result;

void ReasoningSteps::take(JsonValue list) {
  std::vector<std::string> next;
  for (const JsonValue step : list.elements()) next.emplace_back(step.raw());
  if (next.empty()) return;
  // A list that begins as ours is the list so far, and says it anew. What was given
  // cannot be taken back.
  const bool so_far = steps_.empty() || next.front() == steps_.front();
  if (so_far) {
    if (next.size() < steps_.size()) return;
    steps_.resize(given_);
    for (std::size_t i = given_; i < next.size(); ++i) steps_.push_back(std::move(next[i]));
    return;
  }
  for (std::string& step : next) {
    if (std::find(steps_.begin(), steps_.end(), step) == steps_.end()) {
      steps_.push_back(std::move(step));
    }
  }
}

std::string ReasoningSteps::give(bool all) {
  const std::size_t complete = all || steps_.empty() ? steps_.size() : steps_.size() - 1;
  std::string out;
  for (; given_ < complete; ++given_) {
    if (!out.empty()) out += ',';
    out += steps_[given_];
  }
  return out;
}

Result<void> ResearchStream::decode(const SseEvent& event, Body& out) {
  JsonDocument& document = json_.document;
  // What is no JSON, or an error, is the common decoder's to judge.
  if (!document.read(event.data)) return OpenAiStream::decode(event, out);
  const JsonValue choice = document.root()["choices"][0];
  const JsonValue delta = choice["delta"];
  const JsonValue reason = choice["finish_reason"];
  if (!edit(delta, reason && !reason.is_null())) return OpenAiStream::decode(event, out);
  Body edited;
  edits_.apply(event.data, edited);
  return pass_on(event.name, edited.str(), out);
}

// Leaves of a delta's steps those that are new and complete; false: it stays as it is.
bool ResearchStream::edit(JsonValue delta, bool finishes) {
  if (!delta.is(JsonType::object)) return false;
  const JsonValue list = delta["reasoning_steps"];
  steps_.take(list);
  const std::string steps = steps_.give(finishes || !delta["content"].raw_text().empty());
  if (!list && steps.empty()) return false;
  edits_.clear();
  MemberEdits members(edits_, delta.begin());
  for (const JsonMemberView& member : delta.members()) {
    if (member.key.equals("reasoning_steps")) {
      members.drop(member.key.begin(), member.value.end());
    } else {
      members.keep(member.key.begin(), member.value.end());
    }
  }
  members.finish(steps.empty() ? std::string() : "\"reasoning_steps\":[" + steps + "]");
  return true;
}

// The changed text does not live as long as an event does: what comes out is copied.
Result<void> ResearchStream::pass_on(std::string_view name, const std::string& data, Body& out) {
  Body copy;
  auto decoded = OpenAiStream::decode(SseEvent{name, data}, copy);
  out.own(copy.str());
  return decoded;
}

Result<void> ResearchStream::finish(Body& out) {
  const std::string steps = done_ ? steps_.give(true) : std::string();
  if (!steps.empty()) {
    done_ = false;  // [DONE] was said, but this still belongs before it
    auto passed = pass_on(
        {}, R"({"choices":[{"index":0,"delta":{"reasoning_steps":[)" + steps + "]}}]}", out);
    done_ = true;
    if (!passed) return passed;
  }
  return OpenAiStream::finish(out);
}

}  // namespace providers::reka
