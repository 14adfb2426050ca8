#include "providers/wire/edits.h"

#include <gtest/gtest.h>

#include "providers/wire/json_document.h"

namespace providers {
namespace {

std::string applied(Edits& edits, std::string_view text) {
  Body out;
  edits.apply(text, out);
  return out.str();
}

TEST(Edits, NothingNotedLeavesTheTextAsItIs) {
  Edits edits;
  EXPECT_EQ(applied(edits, "abc"), "abc");
}

TEST(Edits, MayBeNotedInAnyOrder) {
  Edits edits;
  edits.replace(6, 7, "G");
  edits.insert(0, "<");
  edits.cut(2, 4);
  edits.insert(2, "+");
  edits.insert(7, ">");
  edits.insert(7, "!");
  EXPECT_EQ(applied(edits, "abcdefg"), "<ab+efG>!");
}

TEST(Edits, ClearKeepsNothingOfTheLastText) {
  Edits edits;
  edits.cut(0, 1);
  edits.clear();
  EXPECT_TRUE(edits.empty());
  EXPECT_EQ(applied(edits, "abc"), "abc");
}

TEST(Edits, LongStretchesAreBorrowedShortOnesCopied) {
  const std::string text(4000, 'x');
  Edits edits;
  edits.replace(2000, 2001, "y");
  edits.replace(3995, 3996, "z");
  Body out;
  edits.apply(text, out);
  EXPECT_EQ(out.size(), 4000u);
  std::size_t borrowed = 0;
  out.for_each([&](std::string_view bytes) {
    if (bytes.data() >= text.data() && bytes.data() < text.data() + text.size()) {
      borrowed += bytes.size();
    }
  });
  EXPECT_EQ(borrowed, 2000u + 1994u);
}

// Every subset of the members is dropped in turn, with and without an addition: what
// remains is JSON and holds what was kept, in order.
TEST(MemberEdits, AnySubsetOfMembersMayGo) {
  for (const std::string_view text :
       {R"({"a":1,"b":[2,3],"c":{"d":4},"e":"5"})", "{ \"a\" : 1 ,\n\t\"b\" :2 , \"c\": 3\n}"}) {
    JsonDocument document;
    ASSERT_TRUE(document.read(text));
    const auto count = document.root().count();
    for (unsigned kept = 0; kept < (1u << count); ++kept) {
      for (const std::string_view added : {"", R"("x":7)", R"("x":7,"y":8)"}) {
        Edits edits;
        MemberEdits members(edits, document.root().begin());
        std::vector<std::string> expected;
        unsigned bit = 1;
        for (const JsonMemberView& member : document.root().members()) {
          if ((kept & bit) != 0) {
            members.keep(member.key.begin(), member.value.end());
            expected.push_back(member.key.text());
          } else {
            members.drop(member.key.begin(), member.value.end());
          }
          bit <<= 1;
        }
        members.finish(added);
        if (!added.empty()) expected.emplace_back("x");
        if (added.size() > 6) expected.emplace_back("y");

        const auto result = applied(edits, text);
        JsonDocument after;
        ASSERT_TRUE(after.read(result)) << result;
        std::vector<std::string> names;
        for (const JsonMemberView& member : after.root().members()) {
          names.push_back(member.key.text());
        }
        EXPECT_EQ(names, expected) << result;
      }
    }
  }
}

TEST(MemberEdits, AnEmptyObjectTakesMembers) {
  Edits edits;
  MemberEdits members(edits, 0);
  members.finish(R"("a":1)");
  EXPECT_EQ(applied(edits, "{}"), R"({"a":1})");
}

}  // namespace
}  // namespace providers
