#include "gateway/admin/usage_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gateway::admin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(UsageApi, AQueryIsReadAsFormsWriteIt) {
  EXPECT_THAT(*parameters_of("by=team%2Ckey&filter=team:Data+Science&filter=tag:project%3Dx"),
              ElementsAre(Pair("by", "team,key"), Pair("filter", "team:Data Science"),
                          Pair("filter", "tag:project=x")));
  EXPECT_THAT(*parameters_of(""), IsEmpty());
  EXPECT_THAT(*parameters_of("&a&b=&"), ElementsAre(Pair("a", ""), Pair("b", "")));
}

TEST(UsageApi, AnOffsetMayBeTypedAsItIs) {
  EXPECT_THAT(*parameters_of("since=2026-10-21T14:00:00+02:00&until=2026-10-22T00:00:00%2B02:00"),
              ElementsAre(Pair("since", "2026-10-21T14:00:00+02:00"),
                          Pair("until", "2026-10-22T00:00:00+02:00")));
}

TEST(UsageApi, BrokenEscapesAndWhatIsNoTextAreRefused) {
  for (const char* query : {"by=%4", "by=%zz", "zone=%FF", "by%00=team"}) {
    EXPECT_FALSE(parameters_of(query)) << query;
  }
}

}  // namespace
}  // namespace gateway::admin
