#include "providers/openai_stream.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "providers/openai_answer.h"
#include "providers/refusal.h"
#include "providers/stopped_member.h"
#include "providers/upstream_error.h"
#include "providers/usage_json.h"
#include "providers/wire/json_names.h"
#include "providers/wire/json_text.h"

namespace providers {
namespace {

using config::ErrorCode;
using config::Result;

// More choices than anybody may ask for.
constexpr std::int64_t kMostChoices = 128;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool full_string(JsonValue value) {
  return value.is(JsonType::string) && !value.raw_text().empty();
}

// Larger events are borrowed rather than copied, and few are alike.
constexpr std::size_t kMostRemembered = 512;

enum : std::size_t { kId, kObject, kCreated, kModel, kUsage, kChoices, kError, kDetail };
constexpr JsonNames kNames("id", "object", "created", "model", "usage", "choices", "error",
                           "detail");

}  // namespace

// Of an event, in the order of its names.
struct OpenAiStream::Members {
  explicit Members(JsonValue root) : found(kNames.in(root)) {}
  JsonValue operator[](std::size_t name) const { return found[name]; }

  std::array<JsonValue, kNames.kNone> found;
};

OpenAiStream::OpenAiStream(const Call& call, const AnswerHead& head, const Dialect& dialect)
    : call_(call),
      head_(head),
      model_(providers::quoted(call.chat.model)),
      object_(object_name(call.chat.operation, true)) {
  if (!dialect.cost_header.empty()) read_reported_cost(head.find(dialect.cost_header), usage_);
  upstream_id_ = head.find(dialect.generation_header);
}

Result<void> OpenAiStream::decode(const SseEvent& event, Body& out) {
  if (done_) return {};
  const bool error_event = event.name == "error";
  if (!error_event) {
    if (const auto text = mould_.text_of(event.data)) {
      delivered_.add(mould_.choice(), DeliveredText::Part::content, *text);
      mould_.write(*text, out);
      return {};
    }
  }
  const auto data = trimmed(event.data);
  if (data.starts_with("[DONE]")) {
    done_ = true;
    return {};
  }
  if (data.empty()) return {};
  if (data.find('\n') == std::string_view::npos) return decode_json(data, error_event, out);

  // JSON spread over several data lines: between its tokens a blank does as well, and
  // the client gets one line.
  one_line_ = data;
  std::replace(one_line_.begin(), one_line_.end(), '\n', ' ');
  Body copy;
  auto ok = decode_json(one_line_, error_event, copy);
  out.own(copy.str());
  return ok;
}

// One event that is no JSON is passed over, as clients of such servers do; a second one
// means that nothing here can be trusted.
Result<void> OpenAiStream::garbled(std::string_view what) {
  if (++garbled_ < 2) return {};
  return config::failure(ErrorCode::upstream_garbled, "The upstream's stream is not JSON.",
                         std::string(what));
}

Result<void> OpenAiStream::decode_json(std::string_view data, bool error_event, Body& out) {
  auto& document = call_.json.document;
  if (!document.read(data)) {
    if (error_event) {
      return config::failure(
          ErrorCode::upstream_unavailable, "The upstream failed.",
          fmt::format("an error event of {} bytes that are no JSON", data.size()));
    }
    if (document.fault() == JsonFault::not_utf8) {
      return config::failure(ErrorCode::upstream_garbled, "The upstream's stream is not UTF-8.");
    }
    return garbled(to_string(document.fault()));
  }
  const JsonValue root = document.root();
  const Members members(root);
  if (error_event || stands_for_error(members[kError], members[kObject])) {
    return upstream_error_inside(call_, head_, root);
  }
  if (!root.is(JsonType::object)) return garbled("an event is no object");
  // FastAPI's way of failing.
  if (members[kDetail] && !members[kChoices]) return upstream_error_inside(call_, head_, root);

  learn(members);
  edits_.clear();
  const bool delivered_before = delivered_any_;
  delivered_any_ = false;
  auto ok = take_choices(members[kChoices]);
  const bool holds = delivered_any_;
  delivered_any_ = delivered_any_ || delivered_before;
  if (!ok || !holds) return ok;
  edit_top(root);
  out.own("data: ");
  edits_.apply(data, out);
  out.own("\n\n");
  if (delivered_before) remember(data, members);
  return {};
}

// Where the next event may be this one with another text.
void OpenAiStream::remember(std::string_view data, const Members& root) {
  if (data.size() > kMostRemembered || !mould_.wants()) return;
  if (root[kUsage].is(JsonType::object) || root[kChoices].count() != 1) return;
  const JsonValue text = choices_[last_choice_].repeatable_text();
  if (text) mould_.cast(data, text.begin() + 1, text.end() - 1, edits_, last_choice_);
}

// What an event says about the whole stream.
void OpenAiStream::learn(const Members& root) {
  const JsonValue id = root[kId];
  if (id_.empty() && full_string(id)) {
    id_ = id.raw();
    if (upstream_id_.empty()) upstream_id_ = id.text();
  }
  const JsonValue created = root[kCreated];
  if (created_.empty() && created.integer()) created_ = created.raw();
  const JsonValue usage = root[kUsage];
  if (!usage.is(JsonType::object)) return;
  read_usage(usage, usage_);
  last_usage_ = usage.raw();
}

Result<void> OpenAiStream::take_choices(JsonValue choices) {
  std::int64_t position = 0;
  for (JsonValue element : choices.elements()) {
    const Piece piece(element);
    if (stands_for_error(piece[Piece::kError], piece[Piece::kObject]) ||
        finish_of(piece[Piece::kFinish].raw_text(), false).failed) {
      return upstream_error_in_choice(call_, head_, element);
    }
    const auto index = piece[Piece::kIndex].integer().value_or(position);
    ++position;
    if (index < 0 || index >= kMostChoices)
      return garbled("a choice beyond any that was asked for");
    seen_choice_ = true;
    last_choice_ = static_cast<std::size_t>(index);
    auto& choice = choice_at(last_choice_);
    if (choice.take(piece, edits_, delivered_)) delivered_any_ = true;
  }
  return {};
}

StreamChoice& OpenAiStream::choice_at(std::size_t index) {
  while (choices_.size() <= index) choices_.emplace_back(call_, choices_.size());
  return choices_[index];
}

void OpenAiStream::edit_top(JsonValue root) {
  if (id_.empty()) id_ = providers::quoted(call_.chat.answer_id);
  if (created_.empty()) created_ = fmt::format_int(call_.chat.created).c_str();
  bool has_id = false;
  bool has_object = false;
  bool has_created = false;
  bool has_model = false;
  bool has_usage = false;
  MemberEdits members(edits_, root.begin());
  for (const JsonMemberView& member : root.members()) {
    const auto same = [&](std::string_view raw) {
      if (member.value.raw() != raw) edits_.replace(member.value.begin(), member.value.end(), raw);
      return true;
    };
    switch (kNames.find(member.key)) {
      case kUsage:
        // Asked for, it is null in every chunk but the last; else there is no such key.
        has_usage = call_.chat.include_usage;
        if (!has_usage) {
          members.drop(member.key.begin(), member.value.end());
          continue;
        }
        same("null");
        break;
      case kId:
        has_id = same(id_);
        break;
      case kModel:
        has_model = same(model_);
        break;
      case kCreated:
        has_created = same(created_);
        break;
      case kObject:
        has_object = true;
        if (!member.value.equals(object_)) {
          edits_.replace(member.value.begin(), member.value.end(), providers::quoted(object_));
        }
        break;
      default:
        break;
    }
    members.keep(member.key.begin(), member.value.end());
  }
  added_.clear();
  const auto add = [&](bool there, std::string_view name, std::string_view raw) {
    if (there) return;
    if (!added_.empty()) added_ += ',';
    added_.append("\"").append(name).append("\":").append(raw);
  };
  add(has_id, "id", id_);
  if (!has_object) add(false, "object", providers::quoted(object_));
  add(has_created, "created", created_);
  add(has_model, "model", model_);
  if (call_.chat.include_usage) add(has_usage, "usage", "null");
  members.finish(added_);
}

// The head of a chunk of our own, up to its choices.
void OpenAiStream::begin_chunk(Body& out) {
  if (id_.empty()) id_ = providers::quoted(call_.chat.answer_id);
  if (created_.empty()) created_ = fmt::format_int(call_.chat.created).c_str();
  out.own(fmt::format(R"(data: {{"id":{},"object":"{}","created":{},"model":{},"choices":)", id_,
                      object_, created_, model_));
}

void OpenAiStream::end_chunk(Body& out, std::string_view rest) {
  out.own(rest);
  out.own("}\n\n");
}

Result<void> OpenAiStream::finish(Body& out) {
  const bool all_finished = !choices_.empty() && std::all_of(choices_.begin(), choices_.end(),
                                                             [](const StreamChoice& choice) {
                                                               return choice.finished();
                                                             });
  if (!seen_choice_) {
    return config::failure(ErrorCode::upstream_garbled, "The upstream's stream holds no answer.");
  }
  if (!done_ && !all_finished) {
    return config::failure(ErrorCode::upstream_garbled,
                           "The upstream's answer broke off before its end.",
                           "truncated: neither finish_reason nor [DONE]");
  }
  write_finishes(out);
  return {};
}

void OpenAiStream::stop(std::string_view why, Body& out) {
  write_finishes(out, why);
  done_ = true;
}

std::optional<StreamDecoder::Frame> OpenAiStream::unfinished() const {
  const bool one = delivered_any_ && choices_.size() == 1;
  if (!one || choices_[0].finished() || choices_[0].has_called()) return std::nullopt;
  return Frame{id_, created_};
}

void OpenAiStream::end(Body& out) {
  done_ = true;
  complete_usage(call_, delivered_, usage_);
  if (call_.chat.include_usage) write_usage(out);
  out.own("data: [DONE]\n\n");
}

// An upstream that says [DONE] without a finish_reason has stopped; `stopped`: we have
// stopped it, and why.
void OpenAiStream::write_finishes(Body& out, std::string_view stopped) {
  for (StreamChoice& choice : choices_) {
    if (choice.finished()) continue;
    added_.clear();
    choice.write_finish(added_, stopped.empty() ? "" : "length", delivered_);
    begin_chunk(out);
    out.own("[");
    out.own(added_);
    out.own("]");
    if (!stopped.empty()) out.own(stopped_member(stopped));
    end_chunk(out, call_.chat.include_usage ? R"(,"usage":null)" : "");
    delivered_any_ = true;
  }
}

void OpenAiStream::write_usage(Body& out) {
  JsonValue original;
  if (!last_usage_.empty() && call_.json.document.read(last_usage_)) {
    original = call_.json.document.root();
  }
  added_ = R"([],"usage":)";
  append_usage(added_, usage_, call_.cost_with(usage_), original);
  begin_chunk(out);
  end_chunk(out, added_);
}

}  // namespace providers
