#include <sstream>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/base/ids.h"
#include "config/base/secret.h"

namespace config {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

TEST(Names, OneKindIsNotAnother) {
  static_assert(!std::is_convertible_v<KeyName, TeamName>);
  static_assert(!std::is_convertible_v<std::string, KeyName>);
  static_assert(!std::is_convertible_v<KeyName, std::string>);
  EXPECT_LT(ModelName("a"), ModelName("b"));
  EXPECT_EQ(std::unordered_set<ModelName>({ModelName("a"), ModelName("a")}).size(), 1u);
}

TEST(Names, AreWrittenAsTheirText) {
  EXPECT_EQ(fmt::format("{}", ProviderName("openrouter")), "openrouter");
}

TEST(Secret, FormatsAsStarsAndHasNoStreamOperator) {
  static_assert(!Streamable<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  EXPECT_EQ(fmt::format("{}", Secret("sk-live")), "***");
  EXPECT_EQ(fmt::format("{}", Secret()), "***");
  EXPECT_EQ(Secret("sk-live").reveal(), "sk-live");
}

}  // namespace
}  // namespace config
