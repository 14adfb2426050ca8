#include "gateway/admin/tokens.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace gateway::admin {
namespace {

using testing::HasSubstr;

class AdminTokens : public testing::Test {
 protected:
  config::Admin settings() const {
    config::Admin out;
    out.token_file = folder_.file("admin.token");
    return out;
  }
  std::string write(const char* name, const std::string& text, mode_t mode = 0600) {
    const std::string path = folder_.file(name);
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string fault_of(const config::Admin& settings) {
    auto tokens = Tokens::load(settings, system_random);
    return tokens ? "" : tokens.error().message;
  }
  test::TempDir folder_;
};

TEST_F(AdminTokens, OneIsMadeAtFirstStartAndStays) {
  ASSERT_TRUE(Tokens::load(settings(), system_random));
  struct stat about{};
  ASSERT_EQ(::stat(settings().token_file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto token = read_token(settings().token_file);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->size(), std::string("tg-admin-").size() + 64);

  const auto again = Tokens::load(settings(), system_random);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->role_of("Bearer " + *token).value(), Role::admin);
  EXPECT_EQ(again->role_of("bearer " + *token).value(), Role::admin);
}

TEST_F(AdminTokens, WhoHasAnotherTokenOrNoneIsNobody) {
  write("admin.token", "a-token-of-our-own-making\n");
  const auto tokens = *Tokens::load(settings(), system_random);
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "Bearer a-token-of-our-own-makin", "a-token-of-our-own-making",
        "Basic a-token-of-our-own-making", "Bearer a-token-of-our-own-making ",
        "Bearer  a-token-of-our-own-making"}) {
    const auto role = tokens.role_of(wrong);
    ASSERT_FALSE(role) << wrong;
    EXPECT_EQ(role.error().code, config::ErrorCode::invalid_key);
    EXPECT_THAT(role.error().message, testing::Not(HasSubstr("our-own")));
  }
}

TEST_F(AdminTokens, AViewersTokenIsNoAdmins) {
  write("admin.token", "a-token-of-our-own-making\n");
  auto settings = this->settings();
  settings.viewer_token_file = write("viewer.token", "a-token-for-who-may-read");
  const auto tokens = *Tokens::load(settings, system_random);
  EXPECT_EQ(tokens.role_of("Bearer a-token-for-who-may-read").value(), Role::viewer);
  EXPECT_EQ(tokens.role_of("Bearer a-token-of-our-own-making").value(), Role::admin);
}

TEST_F(AdminTokens, A24_A25_WhatOthersMayReadOrGuessIsRefused) {
  for (const mode_t mode : {0644U, 0640U, 0604U, 0666U, 0620U}) {
    write("admin.token", "a-token-of-our-own-making\n", mode);
    EXPECT_THAT(fault_of(settings()), HasSubstr("others on this machine may read it"));
  }
  ::chmod(settings().token_file.c_str(), 0600);
  for (const auto& [text, why] : std::vector<std::pair<std::string, const char*>>{
           {"", "is empty"},
           {"\n", "is empty"},
           {"admin", "too easy to guess"},
           {"0123456789012345678", "too easy to guess"},
           {"two tokens stand here, or a sentence", "must hold one token"},
           {"a-token-of-our-own-making\nand-another-one-below-it", "must hold one token"},
           {std::string(600, 'a'), "must hold one token"}}) {
    write("admin.token", text);
    EXPECT_THAT(fault_of(settings()), HasSubstr(why)) << text;
    EXPECT_THAT(fault_of(settings()), HasSubstr(settings().token_file));
  }
}

TEST_F(AdminTokens, AViewersFileMustBeThereAndHoldAnotherToken) {
  write("admin.token", "a-token-of-our-own-making\n");
  auto settings = this->settings();
  settings.viewer_token_file = folder_.file("viewer.token");
  EXPECT_THAT(fault_of(settings), HasSubstr("No such file"));
  write("viewer.token", "a-token-of-our-own-making");
  EXPECT_THAT(fault_of(settings), HasSubstr("holds the admin's token"));
}

TEST_F(AdminTokens, WhereNoneCanBeMadeItIsSaid) {
  auto settings = this->settings();
  settings.token_file = folder_.file("no/such/folder/token");
  EXPECT_THAT(fault_of(settings), HasSubstr("cannot be made"));
}

TEST_F(AdminTokens, ADiskThatIsFullLeavesNothingInTheWayOfTheNextStart) {
  const auto xfsz = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit nothing{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
  const auto fault = fault_of(settings());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, xfsz);
  EXPECT_THAT(fault, HasSubstr("cannot be made"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  EXPECT_TRUE(Tokens::load(settings(), system_random));
}

}  // namespace
}  // namespace gateway::admin
