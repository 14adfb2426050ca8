#include "gateway/ledger/tags.h"

#include <gtest/gtest.h>

#include "gateway/ledger/names.h"

namespace gateway {
namespace {

TEST(LedgerTags, AreNamesWithAValueOrWithout) {
  EXPECT_EQ(read_tag("project=x"), Tag("project", "x"));
  EXPECT_EQ(read_tag("person"), Tag("person", ""));
  EXPECT_EQ(read_tag("a=b=c"), Tag("a", "b=c"));
  EXPECT_EQ(read_tag("project="), std::nullopt);
  EXPECT_EQ(read_tag(""), std::nullopt);
  EXPECT_EQ(read_tag("Person"), std::nullopt);
  EXPECT_EQ(read_tag("project= x"), std::nullopt) << "would look like project=x in a report";
  EXPECT_EQ(read_tag("project=x "), std::nullopt);
}

TEST(LedgerTags, OneNameMayComeFromTwoSidesWithTwoValues) {
  EXPECT_EQ(united({{"person", ""}, {"project", "x"}}, {{"project", "x"}, {"project", "y"}}),
            (Tags{{"person", ""}, {"project", "x"}, {"project", "y"}}));
  EXPECT_EQ(united({}, {{"a", "b"}}), (Tags{{"a", "b"}}));
}

TEST(LedgerTags, AreReadBackFromTheirText) {
  const Tags tags{{"person", ""}, {"project", "x=y"}};
  EXPECT_EQ(tags_text(tags), "person\nproject=x%3Dy\n");
  EXPECT_EQ(parse_tags(tags_text(tags)), tags);
  EXPECT_EQ(parse_tags(""), Tags());
}

}  // namespace
}  // namespace gateway
