#include "config/base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace config {
namespace {

using namespace std::string_literals;

TEST(Utf8, WellFormedTextHasNoInvalidByte) {
  for (const auto& text : {""s, "plain"s, "\0"s, "é"s, "€"s, "\xf0\x9f\x98\x80"s, "\xed\x9f\xbf"s,
                           "\xee\x80\x80"s, "\xf4\x8f\xbf\xbf"s}) {
    EXPECT_EQ(find_invalid_utf8(text), text.size()) << text;
  }
}

TEST(Utf8, TheFirstInvalidByteIsFound) {
  for (const auto& bad : {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s,
                          "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s,
                          "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x98"s, "\xe2\x28\xa1"s}) {
    EXPECT_EQ(find_invalid_utf8("ab" + bad), 2u) << testing::PrintToString(bad);
  }
}

}  // namespace
}  // namespace config
