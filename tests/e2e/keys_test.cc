// Virtual keys through the real binary: made, used, rotated, switched off and deleted by the
// admin API.

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/keys_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/wait_for.h"

namespace e2e {
namespace {

using simulator::member;
using simulator::text_of;
using std::chrono::seconds;
using test::wait_for;
using testing::HasSubstr;
using testing::Not;

// What a sanitizer remembers of freed memory is more than what is looked for.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST_F(Keys, TagsOfAKeyAreInReportsBesideThoseOfItsRequests) {
  const auto secret = make("tagged", R"(,"tags":["person","project=atlas"])");
  ASSERT_TRUE(becomes(secret, 200));
  ASSERT_EQ(post("/v1/chat/completions", chat_body("rekaai/reka-edge"),
                 {{"Authorization", "Bearer " + secret},
                  {"x-tollgate-tags", "project=borealis,person=ada"}})
                .status,
            200U);
  const auto by_tag = [] { return admin("GET", "/api/usage?by=tag&filter=key:tagged&format=csv"); };
  EXPECT_TRUE(wait_for(seconds(20), [&] {
    const std::string rows = by_tag().body;
    return rows.find(",project=borealis,") != std::string::npos &&
           rows.find(",person=ada,") != std::string::npos;
  })) << by_tag().body;
  const std::string rows = by_tag().body;
  EXPECT_THAT(rows, HasSubstr(",person,"));
  EXPECT_THAT(rows, HasSubstr(",project=atlas,"));
  EXPECT_THAT(admin("GET", "/api/usage?by=tag&filter=tag:person&format=csv").body,
              HasSubstr(",person,"));

  ASSERT_EQ(admin("PATCH", "/api/keys/tagged", R"({"tags":[]})").status, 200U);
  EXPECT_EQ(admin("PATCH", "/api/keys/tagged", R"({"tags":["Not one"]})").status, 400U);
}

TEST_F(Keys, AReportThatLacksARequestSaysThatTheLedgerIsBehind) {
  const auto secret = make("reported-at-once");
  for (int requests = 1; requests <= 20; ++requests) {
    ASSERT_EQ(chat_as(secret).status, 200U);
    const auto report = json(admin("GET", "/api/usage?filter=key:reported-at-once&step=none"));
    const auto lag = report.at("ledger_lag_ms").as_int64();
    const auto known = report.at("total").at("requests").as_int64();
    EXPECT_TRUE(lag > 0 || known == requests) << known << " of " << requests << " requests";
  }
}

TEST_F(Keys, AreLiveWithinASecondFromTheirMakingToTheirEnd) {
  const auto first = make("life");
  EXPECT_TRUE(becomes(first, 200));

  const auto rotated = admin("POST", "/api/keys/life/rotate", R"({"overlap_s":600})");
  ASSERT_EQ(rotated.status, 200U) << rotated.body;
  const auto second = secret_of(rotated);
  EXPECT_TRUE(becomes(second, 200));
  EXPECT_EQ(chat_as(first).status, 200U) << "the overlap";

  const auto third = secret_of(admin("POST", "/api/keys/life/rotate", R"({"overlap_s":0})"));
  EXPECT_TRUE(becomes(third, 200));
  EXPECT_TRUE(becomes(first, 401)) << "an overlap of nothing ends all that were before";
  EXPECT_TRUE(becomes(second, 401));

  EXPECT_EQ(admin("POST", "/api/keys/life/disable").status, 200U);
  EXPECT_TRUE(becomes(third, 401));
  EXPECT_THAT(chat_as(third).body, HasSubstr("invalid_api_key"));
  EXPECT_EQ(admin("POST", "/api/keys/life/enable").status, 200U);
  EXPECT_TRUE(becomes(third, 200));
  EXPECT_EQ(admin("DELETE", "/api/keys/life").status, 200U);
  EXPECT_TRUE(becomes(third, 401));
  EXPECT_EQ(admin("GET", "/api/keys/life").status, 404U);
}

TEST_F(Keys, A19_AKeyRevokedDuringAStreamEndsWithIt) {
  const auto secret = make("revoked");
  ASSERT_TRUE(becomes(secret, 200));
  const auto before = upstream().log.totals().requests;
  test::RawClient client(gateway().client_port());
  const auto slow = chat_request(secret, chat_body("onprem/slow-20ms", R"(,"stream":true)"));
  ASSERT_TRUE(client.send(slow));
  ASSERT_TRUE(wait_for(seconds(5), [&] { return upstream().log.totals().requests > before; }));
  ASSERT_EQ(admin("POST", "/api/keys/revoked/disable").status, 200U);
  ASSERT_TRUE(becomes(secret, 401));
  ASSERT_TRUE(client.send(chat_request(secret, chat_body("rekaai/reka-edge"))));
  const auto stream = client.receive();
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->status, 200U);
  EXPECT_TRUE(stream->whole);
  EXPECT_THAT(stream->body, HasSubstr("[DONE]")) << "what was begun ends normally";
  const auto next = client.receive();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->status, 401U) << "on the same connection";
}

TEST_F(Keys, A20_AKeyIsExpiredFromItsSecondOn) {
  const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  const auto timestamp = [](std::chrono::system_clock::time_point at) {
    const std::time_t time = std::chrono::system_clock::to_time_t(at);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return std::string(text);
  };
  const auto short_lived = make("short-lived");
  EXPECT_TRUE(becomes(short_lived, 200));
  const auto early =
      make("early", fmt::format(R"(,"not_before":"{}")", timestamp(now + std::chrono::hours(1))));
  const auto ends = std::chrono::floor<seconds>(std::chrono::system_clock::now()) + seconds(3);
  const auto set = admin("PATCH", "/api/keys/short-lived",
                         fmt::format(R"({{"expires_at":"{}"}})", timestamp(ends)));
  ASSERT_EQ(set.status, 200U) << set.body;
  HttpAnswer answer;
  ASSERT_TRUE(wait_for(seconds(30), [&] {
    const auto asked = std::chrono::system_clock::now();
    answer = chat_as(short_lived);
    if (answer.status == 401) EXPECT_GE(std::chrono::system_clock::now(), ends);
    if (asked >= ends) EXPECT_EQ(answer.status, 401U);
    return answer.status == 401;
  }));
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"key_expired")"));
  EXPECT_THAT(admin("GET", "/api/keys/early").body, HasSubstr(R"("state":"not_yet_valid")"));
  answer = chat_as(early);
  EXPECT_EQ(answer.status, 401U);
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"key_expired")"));
  const auto now_good = fmt::format(R"({{"not_before":"{}"}})", timestamp(now));
  ASSERT_EQ(admin("PATCH", "/api/keys/early", now_good).status, 200U);
  EXPECT_TRUE(becomes(early, 200)) << "from that very second on";
  EXPECT_THAT(admin("GET", "/api/keys/short-lived").body, HasSubstr(R"("state":"expired")"));
}

TEST_F(Keys, A21_AKeyNeverLeavesItsModels) {
  const auto secret = make("narrow-stored", R"(,"models":["rekaai/reka-edge"])");
  ASSERT_TRUE(becomes(secret, 200));
  const auto before = upstream().log.totals().requests;
  for (const char* other : {"rekaai/reka-flash-3", "fast", "openrouter/ok", "reka-core"}) {
    EXPECT_EQ(chat_as(secret, other).status, 404U) << other;
  }
  EXPECT_EQ(chat_as(secret, "rekaai/reka-edge", R"(,"models":["rekaai/reka-flash-3"])").status,
            400U)
      << "a fallback that leads out of the list";
  EXPECT_EQ(upstream().log.totals().requests, before);
  test::HttpClient client(gateway().client_port());
  const auto list = client.get("/v1/models", {{"Authorization", "Bearer " + secret}});
  EXPECT_THAT(list.body, HasSubstr("rekaai/reka-edge"));
  EXPECT_THAT(list.body, Not(HasSubstr("reka-flash-3")));
  // A wider list counts from the next request on.
  ASSERT_EQ(admin("PATCH", "/api/keys/narrow-stored", R"({"models":["*"]})").status, 200U);
  EXPECT_TRUE(wait_for(kLive, [&] { return chat_as(secret, "fast").status == 200; }));
}

// One process makes, changes and knows all keys: without their database it still knows them.
TEST_F(Keys, A22_WithoutTheirDatabaseKeysAreKnownAsTheyWere) {
  simulator::Simulator upstreams;
  test::GatewayProcess alone(TOLLGATE_PROGRAM, configuration(upstreams.url()));
  const HeaderFields token{{"Authorization", "Bearer " + token_in(alone.folder())},
                           {"Content-Type", "application/json"}};
  test::HttpClient admin(alone.admin_port());
  const auto made = admin.post("/api/keys", R"({"name":"ada"})", token);
  ASSERT_EQ(made.status, 201U) << made.body;
  test::HttpClient client(alone.client_port());
  const auto ask = [&](const std::string& secret) {
    return client.get("/v1/models", {{"Authorization", "Bearer " + secret}}).status;
  };
  ASSERT_TRUE(wait_for(kLive, [&] { return ask(secret_of(made)) == 200; }));
  // As another program's write would: SQLite's lock for writers in WAL mode is this byte.
  constexpr off_t kWriterLock = 120;
  const int shared = ::open(alone.folder().file("tollgate.db-shm").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(shared, 0);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kWriterLock;
  lock.l_len = 1;
  ASSERT_EQ(::fcntl(shared, F_SETLK, &lock), 0);
  EXPECT_EQ(ask(secret_of(made)), 200U);
  EXPECT_EQ(ask("sk-tg-unknown"), 401U);
  EXPECT_EQ(admin.post("/api/keys", R"({"name":"bob"})", token).status, 503U);
  const auto chat = client.post("/v1/chat/completions", chat_body("rekaai/reka-edge"),
                                {{"Authorization", "Bearer " + secret_of(made)}});
  EXPECT_EQ(chat.status, 200U) << "what it spends waits in the journal";
  ::close(shared);
  EXPECT_EQ(admin.post("/api/keys", R"({"name":"bob"})", token).status, 201U);
}

TEST_F(Keys, A23_TenThousandWrongKeysLeaveNothingBehind) {
  const auto resident_kib = [] {
    std::ifstream status(fmt::format("/proc/{}/status", gateway().process().pid()));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0L;
  };
  test::RawClient client(gateway().client_port());
  int number = 0;
  const auto ask_wrongly = [&](int times) {
    constexpr int kAtOnce = 50;
    for (int done = 0; done < times; done += kAtOnce) {
      std::string requests;
      for (int i = 0; i < kAtOnce; ++i) {
        requests += fmt::format(
            "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-tg-{:064d}\r\n"
            "\r\n",
            ++number);
      }
      ASSERT_TRUE(client.send(requests));
      for (int i = 0; i < kAtOnce; ++i) {
        const auto answer = client.receive();
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->status, 401U);
      }
    }
  };
  ask_wrongly(2'000);
  const long before = resident_kib();
  ask_wrongly(10'000);
  const long grown = resident_kib() - before;
  RecordProperty("grown_kib", std::to_string(grown));
  // A cache of the wrong ones, 70 bytes each at the least, would be larger than this.
  if (!kSanitized) EXPECT_LT(grown, 700);
  EXPECT_EQ(chat("rekaai/reka-edge").status, 200U) << "others are served";
}

TEST_F(Keys, A24_A25_WeakTokensAndOpenFilesAreRefusedAtTheStart) {
  struct Case {
    const char* token;
    mode_t mode;
    const char* said;
  };
  for (const Case& wrong :
       {Case{"", 0600, "is empty"}, Case{"admin", 0600, "too easy to guess"},
        Case{"a-token-that-everybody-may-read", 0644, "others on this machine"}}) {
    const test::TempDir folder;
    const auto config = folder.file("tollgate.yaml");
    std::ofstream(config) << configuration("http://127.0.0.1:1");
    std::ofstream(folder.file("admin.token")) << wrong.token;
    ::chmod(folder.file("admin.token").c_str(), wrong.mode);
    test::ChildProcess process(TOLLGATE_PROGRAM, {"serve", "--config", config}, {},
                               folder.file("log"));
    EXPECT_EQ(process.wait(seconds(20)), 2) << wrong.said;
    EXPECT_THAT(process.log(), HasSubstr(wrong.said));
  }
}

TEST_F(Keys, A25_X14_NoFileOfTheGatewaysHoldsASecret) {
  const auto secret = make("searched-for");
  const auto newer = secret_of(admin("POST", "/api/keys/searched-for/rotate"));
  ASSERT_TRUE(becomes(newer, 200));
  const std::string token = token_in(gateway().folder());
  int files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(gateway().folder().path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string bytes = test::read_file(entry.path().string());
    for (const std::string& text : {secret, newer}) {
      EXPECT_EQ(bytes.find(text.substr(6, 32)), std::string::npos) << entry.path();
    }
    const auto name = entry.path().filename().string();
    if (name != "admin.token") EXPECT_EQ(bytes.find(token), std::string::npos) << name;
    constexpr std::array kOwners{"tollgate.db", "tollgate.db-wal", "tollgate.db-shm",
                                 "admin.token"};
    if (std::find(kOwners.begin(), kOwners.end(), name) == kOwners.end()) continue;
    struct stat about{};
    ASSERT_EQ(::stat(entry.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 077, 0U) << name;
  }
  EXPECT_GE(files, 4);
}

TEST_F(Keys, A13_A14_TheAdminApiWantsItsOwnToken) {
  test::HttpClient client(gateway().admin_port());
  for (const std::string& authorization :
       {std::string(), "Bearer " + std::string(kKey), std::string("Bearer nonsense"),
        std::string("Basic eDp5")}) {
    HeaderFields headers{{"Content-Type", "application/json"}};
    if (!authorization.empty()) headers.emplace_back("Authorization", authorization);
    for (const auto& [method, path] :
         std::vector<std::pair<const char*, const char*>>{{"GET", "/api/keys"},
                                                          {"POST", "/api/keys"},
                                                          {"GET", "/api/keys/tester"},
                                                          {"PATCH", "/api/keys/tester"},
                                                          {"DELETE", "/api/keys/tester"},
                                                          {"POST", "/api/keys/tester/rotate"},
                                                          {"GET", "/api/audit"}}) {
      const auto answer = client.request(method, path, "", headers);
      EXPECT_EQ(answer.status, 401U) << method << ' ' << path;
      EXPECT_THAT(answer.body, testing::StartsWith(R"({"error":{"code":"invalid_key","message":)"));
      EXPECT_THAT(answer.body,
                  HasSubstr(fmt::format(R"("request_id":"{}")", answer.header("x-request-id"))));
      EXPECT_THAT(answer.body, Not(HasSubstr("tester")));
    }
  }
  EXPECT_EQ(client.get("/metrics").status, 200U) << "open on the loopback";
}

TEST_F(Keys, ErrorsOfTheAdminApiNameTheFieldAtFault) {
  const auto answer = admin("POST", "/api/keys", R"({"name":"x","taem":"y"})");
  EXPECT_EQ(answer.status, 400U);
  const auto error = json(answer).at("error").as_object();
  EXPECT_EQ(text_of(error, "code"), "invalid_request");
  EXPECT_EQ(text_of(error, "param"), "taem");
  EXPECT_THAT(std::string(text_of(error, "message")), HasSubstr("did you mean \"team\"?"));
  EXPECT_EQ(text_of(error, "request_id"), answer.header("x-request-id"));
  EXPECT_EQ(admin("GET", "/api/nothing").status, 404U);
  EXPECT_EQ(admin("PUT", "/api/keys/x").status, 405U);
}

// A page of another site can have a browser send a form or plain text here, never JSON.
TEST_F(Keys, ABodyMustSayThatItIsJson) {
  test::HttpClient client(gateway().admin_port());
  const std::string token = "Bearer " + token_in(gateway().folder());
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded"}) {
    const HeaderFields headers{
        {"Authorization", token}, {"Origin", "https://elsewhere.example"}, {"Content-Type", type}};
    for (const char* path : {"/api/keys", "/api/keys/forged/disable"}) {
      EXPECT_EQ(client.post(path, R"({"name":"forged"})", headers).status, 415U) << type;
    }
  }
  for (const char* body : {"Content-Length: 17\r\n\r\n{\"name\":\"forged\"}",
                           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    test::RawClient silent(gateway().admin_port());
    ASSERT_TRUE(silent.send(
        fmt::format("POST /api/keys HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{}", token, body)));
    const auto refused = silent.receive();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 415U) << body;
  }
  const auto asked = client.request(
      "OPTIONS", "/api/keys", "",
      {{"Origin", "https://elsewhere.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(asked.header("access-control-allow-origin"), "");
  EXPECT_EQ(admin("GET", "/api/keys/forged").status, 404U);
}

TEST_F(Keys, WhatNeedsNoBodyNeedsNoContentType) {
  make("plain");
  for (const char* action : {"disable", "enable", "rotate"}) {
    for (const char* length : {"", "Content-Length: 0\r\n"}) {
      test::RawClient client(gateway().admin_port());
      ASSERT_TRUE(client.send(
          fmt::format("POST /api/keys/plain/{} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                      "{}\r\n",
                      action, token_in(gateway().folder()), length)));
      const auto done = client.receive();
      ASSERT_TRUE(done);
      EXPECT_EQ(done->status, 200U) << action << done->body;
    }
  }
}

TEST_F(Keys, ViewersReadAndBeyondTheLoopbackMetricsWantAToken) {
  const test::TempDir tokens;
  std::ofstream(tokens.file("viewer")) << "a-token-for-who-may-only-read";
  ::chmod(tokens.file("viewer").c_str(), 0600);
  std::string config = configuration("http://127.0.0.1:1");
  const std::string listen = "admin: {listen: \"127.0.0.1:0\"";
  config.replace(config.find(listen), listen.size(),
                 fmt::format("admin: {{listen: \"0.0.0.0:0\", token_file: admin.token, "
                             "viewer_token_file: \"{}\"",
                             tokens.file("viewer")));
  test::GatewayProcess open(TOLLGATE_PROGRAM, config);
  test::HttpClient client(open.admin_port());
  const HeaderFields viewer{{"Authorization", "Bearer a-token-for-who-may-only-read"},
                            {"Content-Type", "application/json"}};
  EXPECT_EQ(client.get("/metrics").status, 401U);
  EXPECT_EQ(client.get("/metrics", viewer).status, 200U);
  EXPECT_EQ(client.get("/healthz").status, 200U);
  EXPECT_EQ(client.get("/api/keys", viewer).status, 200U);
  const auto refused = client.post("/api/keys", R"({"name":"x"})", viewer);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_THAT(refused.body, HasSubstr(R"("code":"forbidden")"));
}

TEST_F(Keys, AReloadKeepsTheStoredOnes) {
  const auto secret = make("reloaded");
  ASSERT_TRUE(becomes(secret, 200));
  ASSERT_EQ(chat("rekaai/reka-edge").status, 200U);
  const auto last_use_of_the_files = [] {
    return json(admin("GET", "/api/keys/tester")).at("key").at("last_used_at");
  };
  const auto used = last_use_of_the_files();
  EXPECT_TRUE(used.is_string());
  gateway().process().signal(SIGHUP);
  ASSERT_TRUE(wait_for(seconds(5), [] {
    return gateway().log().find("configuration reloaded") != std::string::npos;
  }));
  EXPECT_EQ(last_use_of_the_files(), used);
  EXPECT_EQ(chat_as(secret).status, 200U);
  EXPECT_EQ(chat("rekaai/reka-edge").status, 200U);
}

}  // namespace
}  // namespace e2e
