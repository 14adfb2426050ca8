#include "gateway/http/request.h"

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/http/date.h"
#include "gateway/http/endpoints.h"
#include "gateway/http/request_ids.h"
#include "tests/support/fake_clock.h"

namespace gateway::http {
namespace {

bool takes(std::vector<Field> fields) {
  Request request;
  request.fields = fields;
  return require_json(request).has_value();
}

TEST(Request, J33_OnlyJsonInUtf8IsTaken) {
  EXPECT_TRUE(takes({}));
  for (std::string_view type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"", "application/json; x=y; charset=utf-8",
        "application/json;"}) {
    EXPECT_TRUE(takes({{"Content-Type", type}})) << type;
  }
  for (std::string_view type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/json; charset=utf-16", "application/json; charset=", "application/jsonp",
        "application/json, text/plain", "text/plain; application/json"}) {
    EXPECT_FALSE(takes({{"Content-Type", type}})) << type;
  }
  const std::string dashes = "multipart/form-data; boundary=" + std::string(200'000, '-');
  EXPECT_FALSE(takes({{"Content-Type", dashes}}));
}

TEST(Request, X16_AClientsRequestIdIsTakenOnlyAsAShortToken) {
  const auto id_of = [](std::string_view value) {
    const std::vector<Field> fields{{"X-Request-ID", value}};
    Request request;
    request.fields = fields;
    return std::string(request.client_request_id());
  };
  EXPECT_EQ(id_of("abc-123_x"), "abc-123_x");
  EXPECT_EQ(id_of(std::string(128, 'a')), std::string(128, 'a'));
  EXPECT_EQ(id_of(std::string(129, 'a')), "");
  EXPECT_EQ(id_of("a b"), "");
  EXPECT_EQ(id_of("a\x1b[1m"), "");
  EXPECT_EQ(id_of(""), "");
}

TEST(Request, PercentEscapesAreDecodedAndControlBytesRefused) {
  EXPECT_EQ(percent_decoded("rekaai%2Freka-flash%3Afree"), "rekaai/reka-flash:free");
  EXPECT_EQ(percent_decoded("a%c3%A9"), "a\xc3\xa9");
  for (std::string_view text : {"%", "%4", "a%4", "%zz", "%00", "%0d", "%7f", "%+1", "% 1"}) {
    EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
  }
}

TEST(Endpoints, FindByMethodAndPath) {
  const Endpoints endpoints({{verb::get, "/v1/models", false, {}, {}},
                             {verb::get, "/v1/models/", true, {}, {}},
                             {verb::post, "/v1/chat/completions", false, {}, {}}});
  EXPECT_NE(endpoints.find(verb::get, "/v1/models"), nullptr);
  EXPECT_NE(endpoints.find(verb::head, "/v1/models/a/b"), nullptr);
  EXPECT_EQ(endpoints.find(verb::post, "/v1/models"), nullptr);
  EXPECT_EQ(endpoints.find(verb::get, "/V1/models"), nullptr);
  EXPECT_EQ(endpoints.find(verb::get, "/v1/model"), nullptr);
  EXPECT_EQ(endpoints.find(verb::post, "/v1/chat/completions/"), nullptr);
  EXPECT_EQ(endpoints.allowed("/v1/models"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(endpoints.allowed("/v1/chat/completions"), "POST, OPTIONS");
  EXPECT_EQ(endpoints.allowed("*"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(endpoints.allowed("/nowhere"), "");
  EXPECT_EQ(endpoints.nothing_at("/nowhere").message, "There is nothing at this path.");
  for (const char* path : {"/chat/completions", "/models", "/models/a/b"}) {
    EXPECT_EQ(endpoints.nothing_at(path).message,
              "There is nothing at this path. The base URL of a client ends in /v1, as "
              "http://HOST:PORT/v1.");
  }
}

constexpr config::Clock::Wall kNow{std::chrono::milliseconds(0x0123456789ab)};

TEST(RequestIds, BeginWithTheTimeSoThatLaterOnesComeLater) {
  RequestIds ids;
  std::string first, later;
  ids.mint(first, kNow);
  ids.mint(later, kNow + std::chrono::milliseconds(1));
  EXPECT_EQ(first.substr(0, 12), "0123456789ab");
  EXPECT_EQ(later.substr(0, 12), "0123456789ac");
}

TEST(RequestIds, EndWithEightyRandomBits) {
  RequestIds ids;
  std::array<std::set<char>, 32> seen;
  std::string id;
  for (int i = 0; i < 1000; ++i) {
    ids.mint(id, kNow);
    for (std::size_t at = 0; at < 32; ++at) seen[at].insert(id[at]);
  }
  for (std::size_t at = 0; at < 32; ++at) EXPECT_EQ(seen[at].size(), at < 12 ? 1U : 16U) << at;
}

TEST(RequestIds, AreRandomAndDoNotRepeat) {
  RequestIds ids;
  std::set<std::string> seen;
  std::string id;
  for (int i = 0; i < 1000; ++i) {
    ids.mint(id, kNow);
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(RequestIds, FollowFromASeed) {
  RequestIds one(7);
  RequestIds same(7);
  RequestIds other(8);
  std::string a, b, c;
  one.mint(a, kNow);
  same.mint(b, kNow);
  other.mint(c, kNow);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(Date, IsWrittenOncePerSecondAsHttpWantsIt) {
  test::FakeClock clock;
  using std::chrono::sys_days;
  clock.set_wall(sys_days{std::chrono::year{1994} / 11 / 6} + std::chrono::hours(8) +
                 std::chrono::minutes(49) + std::chrono::seconds(37));
  Date date(clock);
  EXPECT_EQ(date.now(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(date.now(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(date.now(), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace gateway::http
