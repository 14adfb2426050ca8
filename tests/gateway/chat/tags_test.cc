#include "gateway/chat/tags.h"

#include <string>

#include <gtest/gtest.h>

namespace gateway::chat {
namespace {

TEST(Tags, ArePairsSortedByName) {
  EXPECT_EQ(*read_tags("project=x,customer=y"), (Tags{{"customer", "y"}, {"project", "x"}}));
  EXPECT_EQ(*read_tags(" project = big one ,\ta.b-c_1=/v?q=1"),
            (Tags{{"a.b-c_1", "/v?q=1"}, {"project", "big one"}}));
}

TEST(Tags, NoHeaderIsNoTags) {
  EXPECT_EQ(*read_tags(""), Tags());
  EXPECT_EQ(*read_tags("  "), Tags());
}

TEST(Tags, AsMuchAsIsAllowedPasses) {
  const std::string name(32, 'n');
  const std::string value(64, 'v');
  EXPECT_EQ(*read_tags(name + "=" + value), (Tags{{name, value}}));
  EXPECT_EQ(read_tags("a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1")->size(), 8U);
}

TEST(Tags, WhatIsNoneIsRefusedAndTheHeaderNamed) {
  for (const std::string& value :
       {std::string("project"), std::string("=x"), std::string("project="),
        std::string("project=x,"), std::string(",project=x"), std::string("project=x,,a=b"),
        std::string("Project=x"), std::string("pro ject=x"), std::string("proj\xc3\xa9=x"),
        std::string("project=\xc3\xa9"), std::string("project=a\tb"), std::string("a=1,a=2"),
        std::string(33, 'n') + "=x", "n=" + std::string(65, 'v'),
        std::string("a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1")}) {
    const auto tags = read_tags(value);
    ASSERT_FALSE(tags) << value;
    EXPECT_EQ(tags.error().code, config::ErrorCode::invalid_request) << value;
    EXPECT_EQ(tags.error().param, "x-tollgate-tags") << value;
    EXPECT_NE(tags.error().message.find("x-tollgate-tags"), std::string::npos) << value;
  }
}

}  // namespace
}  // namespace gateway::chat
