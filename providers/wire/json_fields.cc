#include "providers/wire/json_fields.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "providers/wire/name_look.h"

namespace providers {
namespace {

// Up to here names that look alike are compared with each other, which is cheaper than a sort.
constexpr std::size_t kFewMembers = 12;

bool stands_before(JsonValue object, const JsonMemberView& member, std::string_view name) {
  for (const JsonMemberView& other : object.members()) {
    if (other.key.begin() == member.key.begin()) return false;
    if (other.key.raw_text() == name) return true;
  }
  return false;
}

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
  std::uint64_t looks = 0;
  for (const JsonMemberView& member : object.members()) {
    const std::string_view name = member.key.raw_text();
    const std::uint64_t look = look_of(name);
    if ((looks & look) != 0 && count < kFewMembers && stands_before(object, member, name)) {
      return member.key.text();
    }
    looks |= look;
    ++count;
  }
  if (count <= kFewMembers && !object.near_escaped_keys()) return std::nullopt;

  std::vector<std::string> keys;
  keys.reserve(count);
  for (const JsonMemberView& member : object.members()) keys.push_back(member.key.text());
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return std::nullopt;
  return *twice;
}

}  // namespace providers
