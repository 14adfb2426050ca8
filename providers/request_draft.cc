#include "providers/request_draft.h"

#include <algorithm>

#include "providers/wire/json_text.h"

namespace providers {

RequestDraft::RequestDraft(const ChatRequest& chat, Edits& edits)
    : chat_(chat), changes_(chat.members.size()), edits_(edits) {
  edits_.clear();
  for (const JsonMember& member : chat.members) looks_ |= look_of(member.key);
}

RequestDraft::Change& RequestDraft::change(const JsonMember& member) {
  return changes_[static_cast<std::size_t>(&member - chat_.members.data())];
}

std::string_view RequestDraft::find_member(std::string_view key) const {
  for (const auto& [name, raw] : added_) {
    if (name == key) return raw;
  }
  const JsonMember* member = chat_.find(key);
  if (member == nullptr) return {};
  const Change& change = changes_[static_cast<std::size_t>(member - chat_.members.data())];
  switch (change.fate) {
    case Fate::keep:
      return chat_.raw(*member);
    case Fate::set:
      return change.text;
    case Fate::drop:
    case Fate::rename:
      break;
  }
  return {};
}

void RequestDraft::drop_member(std::string_view key) {
  std::erase_if(added_, [&](const auto& member) { return member.first == key; });
  if (const JsonMember* member = chat_.find(key)) change(*member) = {Fate::drop, {}};
}

void RequestDraft::drop_member_named(std::string_view key) {
  if (!has(key)) return;
  drop(key);
  dropped_.emplace_back(key);
}

void RequestDraft::set(std::string_view key, std::string_view raw) {
  if (const JsonMember* member = chat_.find(key)) {
    change(*member) = {Fate::set, std::string(raw)};
    edits_.forget(member->value, member->end);
    return;
  }
  for (auto& [name, value] : added_) {
    if (name != key) continue;
    value = raw;
    return;
  }
  added_.emplace_back(key, raw);
}

void RequestDraft::rename(std::string_view key, std::string_view name) {
  if (const JsonMember* member = chat_.find(key))
    change(*member) = {Fate::rename, std::string(name)};
}

void RequestDraft::write(Body& out) {
  MemberEdits object(edits_, chat_.object_begin);
  for (const JsonMember& member : chat_.members) {
    const Change& change_here = change(member);
    if (change_here.fate == Fate::drop) {
      object.drop(member.begin, member.end);
      continue;
    }
    object.keep(member.begin, member.end);
    if (change_here.fate == Fate::set) {
      edits_.replace(member.value, member.end, change_here.text);
    } else if (change_here.fate == Fate::rename) {
      // The key ends before its colon, which blanks may stand around.
      const auto key = chat_.bytes.substr(member.begin, member.value - member.begin);
      const auto end = member.begin + key.rfind('"') + 1;
      edits_.replace(member.begin, end, providers::quoted(change_here.text));
    }
  }
  std::string added;
  for (const auto& [key, raw] : added_) {
    if (!added.empty()) added += ',';
    append_quoted(added, key);
    added += ':';
    added += raw;
  }
  object.finish(added);
  edits_.apply(chat_.bytes, out);
}

}  // namespace providers
