#include "providers/stream_choice.h"

#include <algorithm>

#include <fmt/format.h>

#include "providers/estimate.h"
#include "providers/openai_answer.h"
#include "providers/openai_parameters.h"
#include "providers/wire/json_text.h"

namespace providers {
namespace {

using Part = DeliveredText::Part;

bool full_string(JsonValue value) {
  return value.is(JsonType::string) && !value.raw_text().empty();
}

// Anything a client could want: no null, no empty string, no empty container.
bool holds_something(JsonValue value) {
  switch (value.type()) {
    case JsonType::absent:
    case JsonType::null:
      return false;
    case JsonType::string:
      return !value.raw_text().empty();
    case JsonType::object:
    case JsonType::array:
      return !value.empty();
    case JsonType::number:
    case JsonType::boolean:
      return true;
  }
  return false;
}

// Of a delta, in the order of its names.
enum : std::size_t { kRole, kContent, kReasoning, kReasoningContent, kDetails, kToolCalls };
constexpr JsonNames kDelta("role", "content", "reasoning", "reasoning_content", "reasoning_details",
                           "tool_calls");

void add_member(std::string& added, std::string_view name, std::string_view raw) {
  if (!added.empty()) added += ',';
  added.append("\"").append(name).append("\":").append(raw);
}

void add_text(std::string& added, std::string_view name, std::string_view text) {
  if (!added.empty()) added += ',';
  added.append("\"").append(name).append("\":");
  append_quoted(added, text);
}

}  // namespace

StreamChoice::StreamChoice(const Call& call, std::size_t index)
    : call_(&call),
      index_(index),
      chat_(call.chat.operation == Operation::chat),
      functions_(speaks_of_functions(call.chat)) {
  const auto& can = call.target.can;
  if (chat_ && (!can.reasoning_tags.empty() || !can.stop.empty())) {
    tags_.emplace(can.reasoning_tags, can.stop);
  }
}

Finish StreamChoice::finish(std::string_view upstream) const {
  return finish_of(upstream, !slots_.empty());
}

std::string_view StreamChoice::reason(std::string_view upstream) const {
  const auto reason = finish(upstream).reason;
  return functions_ && reason == "tool_calls" ? "function_call" : reason;
}

bool StreamChoice::take(const Piece& piece, Edits& edits, DeliveredText& delivered) {
  const JsonValue finish_reason = piece[Piece::kFinish];
  const bool finishing = full_string(finish_reason) && !finished_;
  const JsonValue delta = piece[Piece::kDelta];
  repeatable_ = {};

  bool holds = finishing || holds_something(piece[Piece::kLogprobs]);
  if (!chat_) {
    delivered.add_json(index_, Part::content, piece[Piece::kText].raw_text());
    holds = holds || full_string(piece[Piece::kText]);
  } else if (delta.is(JsonType::object)) {
    holds = take_delta(delta, finishing, edits, delivered) || holds;
  }
  if (full_string(finish_reason)) repeatable_ = {};

  added_.clear();
  if (!piece[Piece::kIndex]) add_member(added_, "index", fmt::format_int(index_).c_str());
  for (const JsonMemberView& member : piece.whole.members()) {
    const std::size_t name = Piece::kNames.find(member.key);
    if (name == Piece::kDelta && !delta.is(JsonType::object)) {
      edits.replace(member.value.begin(), member.value.end(), "{}");
    } else if (name == Piece::kFinish && full_string(member.value)) {
      // What follows a finish cannot take it back, or say it twice.
      if (!finishing) {
        edits.replace(member.value.begin(), member.value.end(), "null");
        continue;
      }
      const auto upstream = member.value.raw_text();
      if (reason(upstream) != upstream) {
        edits.replace(member.value.begin() + 1, member.value.end() - 1, reason(upstream));
      }
      if (!finish(upstream).known && !piece[Piece::kNative]) {
        add_member(added_, "native_finish_reason", member.value.raw());
      }
    }
  }
  if (chat_ && !delta) add_member(added_, "delta", "{}");
  if (!finish_reason) add_member(added_, "finish_reason", "null");
  append_members(edits, piece.whole, added_);
  finished_ = finished_ || finishing;
  return holds;
}

bool StreamChoice::take_delta(JsonValue delta, bool finishing, Edits& edits,
                              DeliveredText& delivered) {
  bool holds = false;
  bool repeats = role_sent_ && !tags_;
  const auto found = kDelta.in(delta);
  const JsonValue content = found[kContent];
  const bool in_field = full_string(found[kReasoning]) || full_string(found[kReasoningContent]);
  if (tags_ && in_field) tags_->ignore_tags();
  const bool splits = tags_ && (content.is(JsonType::string) || finishing);
  if (splits) {
    holds = split(*tags_, content, finishing, delivered) || holds;
  } else {
    delivered.add_json(index_, Part::content, content.raw_text());
  }

  // What it holds must be known before the role is decided on.
  bool others = false;
  for (const JsonMemberView& member : delta.members()) {
    const std::size_t name = kDelta.find(member.key);
    if (name == kRole || (splits && name == kContent)) continue;
    const bool here = holds_something(member.value);
    holds = holds || here;
    others = others || (here && name != kContent);
  }
  if (others) add_delivered_besides_content(delta, index_, delivered);
  const bool sends_role = (holds || finishing) && !role_sent_;
  role_sent_ = role_sent_ || sends_role;
  repeats = repeats && !others && full_string(content) && !content.has_escapes();
  if (repeats) repeatable_ = content;

  bool has_role = false;
  added_.clear();
  MemberEdits members(edits, delta.begin());
  for (const JsonMemberView& member : delta.members()) {
    const std::size_t name = kDelta.find(member.key);
    const std::size_t begin = member.key.begin();
    const std::size_t end = member.value.end();
    const bool first_role = sends_role && member.value.equals("assistant");
    if (name == kRole && first_role) has_role = true;
    if ((name == kRole && !first_role) || (splits && name == kContent)) {
      members.drop(begin, end);
      continue;
    }
    members.keep(begin, end);
    if (name == kToolCalls) {
      take_tool_calls(member, edits);
    } else if (member.value.is(JsonType::array)) {
      number(member.value, name == kDetails, edits);
    }
  }
  if (sends_role && !has_role) add_member(added_, "role", R"("assistant")");
  if (splits && !reasoning_.empty()) add_text(added_, "reasoning_content", reasoning_);
  if (splits && !answer_.empty()) add_text(added_, "content", answer_);
  members.finish(added_);
  return holds;
}

// Takes the text through the tag splitter; true: something certain came out.
bool StreamChoice::split(ReasoningTags& tags, JsonValue content, bool finishing,
                         DeliveredText& delivered) {
  reasoning_.clear();
  answer_.clear();
  text_.clear();
  append_unescaped(text_, content.raw_text());
  tags.feed(text_, reasoning_, answer_);
  if (finishing) tags.finish(reasoning_, answer_);
  delivered.add(index_, Part::reasoning, reasoning_);
  delivered.add(index_, Part::content, answer_);
  return !reasoning_.empty() || !answer_.empty();
}

void StreamChoice::take_tool_calls(const JsonMemberView& member, Edits& edits) {
  std::string_view function = "{}";
  for (JsonValue call : member.value.elements()) {
    if (!functions_) {
      edit_tool_call(call, edits);
      continue;
    }
    // The old shape has room for one call; a call may come without its function.
    const bool first = slot_of(call) == 0;
    if (first && call["function"].is(JsonType::object)) function = call["function"].raw();
  }
  if (functions_) {
    edits.replace(member.key.begin(), member.value.end(),
                  fmt::format(R"("function_call":{})", function));
  }
}

// Which of the calls a delta belongs to: by id, else by the upstream's index, else the
// last one. Upstreams leave out either, or number all calls 0.
std::size_t StreamChoice::slot_of(JsonValue call) {
  const auto id = call["id"].raw_text();
  const auto index = call["index"].integer();
  for (std::size_t i = slots_.size(); i-- > 0;) {
    ToolSlot& slot = slots_[i];
    if (id.empty()) {
      if (!index || slot.upstream_index == *index) return i;
    } else if (slot.id == id) {
      return i;
    } else if (slot.id.empty() && (!index || slot.upstream_index == *index)) {
      slot.id = id;
      return i;
    }
  }
  const auto next = static_cast<std::int64_t>(slots_.size());
  slots_.push_back({index.value_or(next), std::string(id), {}, false});
  return slots_.size() - 1;
}

void StreamChoice::edit_tool_call(JsonValue call, Edits& edits) {
  const auto index = slot_of(call);
  ToolSlot& slot = slots_[index];
  const bool begins = !slot.begun;
  slot.begun = true;
  std::string added;
  MemberEdits members(edits, call.begin());
  bool has_index = false;
  bool has_id = false;
  bool has_type = false;
  for (const JsonMemberView& member : call.members()) {
    const auto begin = member.key.begin();
    const auto end = member.value.end();
    if (member.key.equals("id")) {
      has_id = begins && full_string(member.value);
      if (!has_id) {
        members.drop(begin, end);
        continue;
      }
    }
    has_type = has_type || (member.key.equals("type") && full_string(member.value));
    members.keep(begin, end);
    if (member.key.equals("index")) {
      has_index = true;
      if (member.value.integer() != static_cast<std::int64_t>(index)) {
        edits.replace(member.value.begin(), end, fmt::format_int(index).c_str());
      }
    } else if (member.key.equals("type") && member.value.is_null()) {
      edits.replace(member.value.begin(), end, R"("function")");
      has_type = true;
    } else if (member.key.equals("function")) {
      MemberEdits function(edits, member.value.begin());
      for (const JsonMemberView& part : member.value.members()) {
        const bool name = part.key.equals("name") && part.value.is(JsonType::string);
        const bool again = name && !slot.name.empty() && part.value.raw_text() == slot.name;
        const bool null_name = part.key.equals("name") && part.value.is_null();
        if (again || null_name) {
          function.drop(part.key.begin(), part.value.end());
          continue;
        }
        if (name && slot.name.empty()) slot.name = part.value.raw_text();
        function.keep(part.key.begin(), part.value.end());
      }
      function.finish({});
    }
  }
  if (!has_index) add_member(added, "index", fmt::format_int(index).c_str());
  if (begins && !has_id) add_text(added, "id", minted_call_id(call_->chat, index_, index));
  if (begins && !has_type) add_member(added, "type", R"("function")");
  members.finish(added);
}

// SDKs merge lists of objects by `index` and refuse a second list without one.
// Reasoning details that go on are pieces of one entry; other lists grow.
void StreamChoice::number(JsonValue list, bool reasoning, Edits& edits) {
  std::int64_t& next = reasoning ? next_detail_ : next_entry_;
  for (JsonValue entry : list.elements()) {
    if (!entry.is(JsonType::object)) continue;
    const JsonValue given = entry["index"];
    const auto type = entry["type"].raw_text();
    const bool goes_on = reasoning && next > 0 && type == last_detail_type_;
    const auto index = given.integer().value_or(goes_on ? next - 1 : next);
    next = std::max(next, index + 1);
    if (reasoning) last_detail_type_ = type;
    if (given.integer()) continue;
    if (given) {
      edits.replace(given.begin(), given.end(), fmt::format_int(index).c_str());
    } else {
      edits.insert(entry.begin() + 1,
                   fmt::format(R"("index":{}{})", index, entry.empty() ? "" : ","));
    }
  }
}

void StreamChoice::write_finish(std::string& out, std::string_view why, DeliveredText& delivered) {
  finished_ = true;
  added_.clear();
  if (chat_ && !role_sent_) add_member(added_, "role", R"("assistant")");
  role_sent_ = true;
  if (tags_) {
    reasoning_.clear();
    answer_.clear();
    tags_->finish(reasoning_, answer_);
    delivered.add(index_, Part::reasoning, reasoning_);
    delivered.add(index_, Part::content, answer_);
    if (!reasoning_.empty()) add_text(added_, "reasoning_content", reasoning_);
    if (!answer_.empty()) add_text(added_, "content", answer_);
  }
  const auto body = chat_ ? fmt::format(R"("delta":{{{}}})", added_) : R"("text":"")";
  out += fmt::format(R"({{"index":{},{},"finish_reason":"{}"}})", index_, body,
                     why.empty() ? reason("") : why);
}

}  // namespace providers
