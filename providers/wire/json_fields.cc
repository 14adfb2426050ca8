#include "providers/wire/json_fields.h"

#include <algorithm>

namespace providers {
namespace {

// Up to here every pair is compared, which is cheaper than a sort.
constexpr std::size_t kFewMembers = 12;

}  // namespace

void list_members(JsonValue object, std::vector<JsonMember>& out) {
  out.clear();
  out.reserve(kFewMembers);
  for (const JsonMemberView& member : object.members()) {
    out.push_back(
        {member.key.text(), member.key.begin(), member.value.begin(), member.value.end()});
  }
}

std::optional<std::string> duplicate_key(JsonValue object) {
  std::size_t count = 0;
  const bool escaped = object.near_escaped_keys();
  std::string_view few[kFewMembers];
  for (const JsonMemberView& member : object.members()) {
    const std::string_view key = member.key.raw_text();
    if (count < kFewMembers) {
      if (std::find(few, few + count, key) != few + count) return member.key.text();
      few[count] = key;
    }
    ++count;
  }
  if (count <= kFewMembers && !escaped) return std::nullopt;

  std::vector<std::string> keys;
  keys.reserve(count);
  for (const JsonMemberView& member : object.members()) keys.push_back(member.key.text());
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return std::nullopt;
  return *twice;
}

}  // namespace providers
