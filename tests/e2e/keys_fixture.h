#pragma once
// Virtual keys through the real binary: the admin API asked for them, and chats with their secrets.

#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {

// Each change is promised to count within a second; on a busy machine the asking itself may
// take longer.
inline constexpr std::chrono::seconds kLive{10};

inline std::string token_in(const test::TempDir& folder) {
  std::string token = test::read_file(folder.file("admin.token"));
  if (!token.empty()) token.pop_back();
  return token;
}

class Keys : public Gateway {
 protected:
  static HttpAnswer admin(std::string_view method, std::string_view path,
                          std::string_view body = {}, HeaderFields headers = {}) {
    headers.emplace_back("Authorization", "Bearer " + token_in(gateway().folder()));
    headers.emplace_back("Content-Type", "application/json");
    test::HttpClient client(gateway().admin_port());
    return client.request(method, path, body, headers);
  }
  // The secret of a new key.
  static std::string make(std::string_view name, std::string_view more = "") {
    const auto made = admin("POST", "/api/keys", fmt::format(R"({{"name":"{}"{}}})", name, more));
    EXPECT_EQ(made.status, 201U) << made.body;
    return secret_of(made);
  }
  static std::string secret_of(const HttpAnswer& answer) {
    const auto value = json(answer);
    return value.is_object() ? std::string(simulator::text_of(value.get_object(), "secret")) : "";
  }
  static HttpAnswer chat_as(std::string_view secret, std::string_view model = "rekaai/reka-edge",
                            std::string_view more = "") {
    return post("/v1/chat/completions", chat_body(model, more),
                {{"Authorization", fmt::format("Bearer {}", secret)}});
  }
  // Whether a key comes to be answered so within the time a change may take.
  static bool becomes(std::string_view secret, unsigned status) {
    return test::wait_for(kLive, [&] { return chat_as(secret).status == status; });
  }
  static std::string chat_request(std::string_view secret, const std::string& body) {
    return fmt::format(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        secret, body.size(), body);
  }
};

}  // namespace e2e
