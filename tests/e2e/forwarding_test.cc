// What of a request reaches the upstream, and what never leaves the gateway.

#include "tests/e2e/gateway_fixture.h"

namespace e2e {
namespace {

class Forwarding : public Gateway {
 protected:
  static std::string image_body(std::string_view url) {
    return R"({"model":"rekaai/reka-edge","messages":[{"role":"user","content":[)"
           R"({"type":"image_url","image_url":{"url":")" +
           std::string(url) + R"("}},{"type":"text","text":"what?"}]}]})";
  }
};

TEST_F(Forwarding, J35_LargePromptsPass) {
  for (const std::size_t size : {1U << 20U, 8U << 20U}) {
    const std::string text(size, 'x');
    const auto answer = post(
        "/v1/chat/completions",
        R"({"model":"rekaai/reka-edge","messages":[{"role":"user","content":")" + text + R"("}]})");
    EXPECT_EQ(answer.status, 200) << size;
    EXPECT_NE(last_upstream().request.body.find(text), std::string::npos);
  }
}

TEST_F(Forwarding, J37_OpaqueValuesKeepTheirSpelling) {
  const std::string schema =
      "{\"z\": 12345678901234567890123, \"a\":-0.10e+2,\"\\u0041\":\"\\u00e9\\/\xE2\x80\xA8\" , "
      "\"a2\":1E400}";
  const auto answer =
      post("/v1/chat/completions",
           R"({"model":"rekaai/reka-edge","messages":[{"role":"user","content":"hi"}],)"
           R"("tools":[{"type":"function","function":{"name":"f","parameters":)" +
               schema + "}}]}");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(last_upstream().request.body.find(schema), std::string::npos)
      << last_upstream().request.body;
}

TEST_F(Forwarding, J40_MediaUrlsAreTextAndNeverFetched) {
  simulator::Simulator canary;
  const auto port = std::to_string(canary.port());
  for (const std::string host : {"127.0.0.1:", "localhost:", "[::1]:", "[::ffff:127.0.0.1]:",
                                 "2130706433:", "0x7f000001:", "127.1:"}) {
    const auto url = "http://" + host + port + "/a.png";
    EXPECT_EQ(post("/v1/chat/completions", image_body(url)).status, 200) << url;
    EXPECT_NE(last_upstream().request.body.find(url), std::string::npos) << url;
  }
  EXPECT_EQ(canary.state().log.totals().connections, 0U);
}

TEST_F(Forwarding, J42_HeadersCannotSendARequestElsewhere) {
  simulator::Simulator canary;
  const auto where = canary.url();
  for (const std::string name :
       {"x-portkey-custom-host", "X-Forwarded-Host", "Forwarded", "Helicone-Target-Url",
        "X-Original-URL", "X-Api-Base", "OpenAI-Base-Url"}) {
    EXPECT_EQ(post("/v1/chat/completions", chat_body("rekaai/reka-edge"), {{name, where}}).status,
              200);
    EXPECT_EQ(last_upstream().request.header(name), "") << name;
  }
  EXPECT_EQ(canary.state().log.totals().connections, 0U);
}

TEST_F(Forwarding, J43_OtherSchemesAreTextOrRefused) {
  for (const std::string url :
       {"file:///etc/passwd", "gopher://127.0.0.1:1/x",
        "data:image/png;base64,iVBORw0KGgo=", "http://169.254.169.254/latest"}) {
    const auto answer = post("/v1/chat/completions", image_body(url));
    EXPECT_TRUE(answer.status == 200 || answer.status == 400) << url << " " << answer.status;
    EXPECT_EQ(answer.body.find("root:"), std::string::npos);
  }
}

}  // namespace
}  // namespace e2e
