#include "gateway/chat/authenticate.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::chat {
namespace {

constexpr std::string_view kSecret = "tg-0123456789abcdefghij";

constexpr config::Clock::Wall kNow{std::chrono::seconds(1'800'000'000)};

std::shared_ptr<const Snapshot> with_one_key() {
  config::Config config;
  config::Key key;
  key.name = config::KeyName("ada");
  key.sha256 = sha256(kSecret);
  config.keys.push_back(key);
  return *Snapshot::build(std::move(config));
}

config::Result<const VirtualKey*> ask(std::string_view authorization) {
  static const auto snapshot = with_one_key();
  std::vector<http::Field> fields;
  if (!authorization.empty()) fields.push_back({"Authorization", authorization});
  http::Request request;
  request.fields = fields;
  return authenticate(*snapshot, request, kNow);
}

TEST(Authenticate, A01_NoKeyAndAWrongKeyAreRefused) {
  EXPECT_EQ(ask("").error().code, config::ErrorCode::invalid_key);
  EXPECT_EQ(ask("Bearer tg-wrong").error().code, config::ErrorCode::invalid_key);
}

TEST(Authenticate, A02_WhatIsNoBearerTokenIsRefused) {
  const std::string secret(kSecret);
  for (const std::string& value :
       std::vector<std::string>{"Bearer",
                                "Bearer ",
                                "Bearer  " + secret,
                                secret,
                                "Basic " + secret,
                                "Bearer\t" + secret,
                                "Bearer " + secret + " ",
                                "Bearer " + secret + ",x",
                                "Bearer \"" + secret + "\"",
                                "Bearer=" + secret,
                                "Bearer:" + secret,
                                "Token " + secret,
                                "Bearer " + secret + " extra",
                                "Bearer " + secret + ";",
                                "Bearer <" + secret + ">",
                                "Bearer " + secret + "\xc3\xa9",
                                "BearerX " + secret,
                                "Bear " + secret,
                                " Bearer " + secret,
                                "Bearer,Bearer " + secret,
                                "Digest username=\"" + secret + "\"",
                                "Bearer 'or'1'='1",
                                "Bearer %74g-0123456789abcdefghij",
                                "Bearer *",
                                "Bearer " + std::string(600, 'a'),
                                "Bearer " + secret + std::string(1, '\0')}) {
    auto answer = ask(value);
    ASSERT_FALSE(answer) << value;
    EXPECT_EQ(answer.error().code, config::ErrorCode::invalid_key) << value;
  }
}

TEST(Authenticate, A03_TheSchemeMayBeWrittenInAnyCase) {
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR "}) {
    auto answer = ask(std::string(scheme) + std::string(kSecret));
    ASSERT_TRUE(answer) << scheme;
    EXPECT_EQ((*answer)->name.str(), "ada");
  }
}

TEST(Authenticate, A12_TheErrorNeverRepeatsWhatWasPresented) {
  EXPECT_EQ(ask("Bearer tg-very-wrong-key").error().message.find("very-wrong"), std::string::npos);
}

TEST(Authenticate, WhereTheOperatorAskedForNoKeysEveryoneIsAnonymous) {
  config::Config config;
  config.auth = config::Auth::none;
  auto snapshot = *Snapshot::build(std::move(config));
  auto answer = authenticate(*snapshot, http::Request{}, kNow);
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->name.str(), "anonymous");
}

}  // namespace
}  // namespace gateway::chat
