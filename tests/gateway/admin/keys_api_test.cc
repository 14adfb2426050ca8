#include "gateway/admin/keys_api.h"

#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/keys/timestamps.h"
#include "providers/wire/json_document.h"
#include "tests/gateway/keys/a_ledger.h"
#include "tests/support/fake_clock.h"

namespace gateway::admin {
namespace {

using config::ErrorCode;
using http::verb;
using testing::HasSubstr;
using testing::Not;

class Api : public testing::Test {
 protected:
  Api() {
    config::Key key;
    key.name = config::KeyName("from-file");
    key.team = config::TeamName("ops");
    configuration_.keys.push_back(key);
    config::Model model;
    model.name = config::ModelName("reka-flash");
    configuration_.models.push_back(model);
  }

  config::Result<Answer> ask(verb method, std::string_view path, std::string_view body = {},
                             std::string_view if_match = {}, std::string_view idempotency = {}) {
    Call call;
    call.method = method;
    const auto question = path.find('?');
    call.path = path.substr(0, question);
    if (question != std::string_view::npos) call.query = path.substr(question + 1);
    call.body = body;
    call.if_match = if_match;
    call.idempotency_key = idempotency;
    call.who = "admin (cli ada)";
    std::optional<config::Result<Answer>> answer;
    net::io_context io{1};
    auto handle = [&]() -> Awaitable<void> { answer = co_await api_.handle(call); };
    net::co_spawn(io, std::move(handle), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    io.run();
    return *std::move(answer);
  }
  std::string json(verb method, std::string_view path, std::string_view body = {}) {
    auto answer = ask(method, path, body);
    EXPECT_TRUE(answer) << path << ": " << (answer ? "" : answer.error().message);
    return answer ? answer->body : "{}";
  }
  static std::string member(std::string_view json, std::string_view name) {
    providers::JsonDocument document;
    EXPECT_TRUE(document.read(json)) << json;
    const auto value = document.root()["key"][name];
    return value.is(providers::JsonType::string) ? value.text() : std::string(value.raw());
  }
  static std::string secret_in(std::string_view json) {
    providers::JsonDocument document;
    document.read(json);
    return document.root()["secret"].text();
  }
  ErrorCode code_of(verb method, std::string_view path, std::string_view body = {},
                    std::string_view if_match = {}) {
    auto answer = ask(method, path, body, if_match);
    return answer ? ErrorCode::internal : answer.error().code;
  }

  config::Config configuration_;
  test::FakeClock clock_;
  keys::ALedger ledger_;
  Awaitable<void> changed(const KeyChange& change) {
    told_.push_back(change.id + (change.now != nullptr ? "" : " gone"));
    new_name_ = change.new_name;
    co_return;
  }

  std::vector<std::string> told_;
  bool new_name_ = false;
  std::vector<limits::BudgetStatus> budgets_;
  KeysApi api_{
      ledger_,
      clock_,
      keys::counting(),
      {.configuration =
           [this] {
             return std::shared_ptr<const config::Config>(std::shared_ptr<void>(), &configuration_);
           },
       .last_use = [](const std::string&) { return std::nullopt; },
       .last_use_of_file_key =
           [this](const config::Key& key) {
             return key.name.view() == "from-file" ? std::optional(clock_.wall()) : std::nullopt;
           },
       .budgets = [this](const std::string&, const std::string&) { return budgets_; },
       .changed = [this](const KeyChange& change) { return changed(change); }}};
};

TEST_F(Api, AKeyIsMadeAndShownOnce) {
  const auto made = ask(verb::post, "/api/keys",
                        R"({"name":"dev-05","team":"Research","owner":"laptop 05","tags":["person"],
                            "limits":{"rpm":60,"tpm":60000,"concurrent":4},
                            "budgets":[{"window":"month","zone":"Europe/Berlin","limit":"160"}]})");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->status, 201U);
  const std::string id = member(made->body, "id");
  EXPECT_EQ(
      made->body,
      R"({"as_of":"2025-06-15T12:00:00Z","zone":"UTC","key":{"id":")" + id +
          R"(","name":"dev-05","source":"store","hint":"sk-tg-0102…1f20","state":"active",)"
          R"("team":"Research","owner":"laptop 05","tags":["person"],"models":["*"],)"
          R"("allow_upstream_extras":false,"allow_routing_override":false,)"
          R"("limits":{"rpm":60,"tpm":60000,"concurrent":4},)"
          R"("not_before":null,"expires_at":null,)"
          R"("budgets":[{"window":"month","zone":"Europe/Berlin","limit":"160"}],"replaced":[],)"
          R"("created_at":"2025-06-15T12:00:00Z","last_used_at":null,"version":1},)"
          R"("secret":"sk-tg-0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"})");
  EXPECT_EQ(told_, std::vector<std::string>{id});
  EXPECT_TRUE(new_name_) << "the ledger never spoke of it";
  for (const std::string& later : {json(verb::get, "/api/keys"), json(verb::get, "/api/keys/" + id),
                                   json(verb::get, "/api/audit")}) {
    EXPECT_THAT(later, Not(HasSubstr(secret_in(made->body).substr(0, 16))));
  }
}

TEST_F(Api, TheListHasTheConfigurationsKeysToo) {
  json(verb::post, "/api/keys", R"({"name":"ada"})");
  const auto all = json(verb::get, "/api/keys");
  EXPECT_THAT(all, HasSubstr(R"("id":null,"name":"from-file","source":"file")"));
  EXPECT_THAT(all, HasSubstr(R"("name":"ada","source":"store")"));
  EXPECT_EQ(member(json(verb::get, "/api/keys/from-file"), "team"), "ops");
  EXPECT_EQ(member(json(verb::get, "/api/keys/from-file"), "last_used_at"), "2025-06-15T12:00:00Z");
  EXPECT_EQ(member(json(verb::get, "/api/keys/ada"), "name"), "ada");
}

TEST_F(Api, WhileManyKeysAreListedOthersHaveTheirTurn) {
  constexpr int kKeys = 1'000;
  for (int i = 0; i < kKeys; ++i) {
    const keys::SecretDigest secret{config::sha256(fmt::format("secret {}", i)), "hint",
                                    std::nullopt};
    ASSERT_TRUE(ledger_.store().create(fmt::format("key_{:016x}", i), fmt::format("key-{}", i), {},
                                       secret, "", {"admin", clock_.wall()}));
  }
  net::io_context io{1};
  Call call;
  call.method = verb::get;
  call.path = "/api/keys";
  bool listed = false;
  net::co_spawn(io, api_.handle(call),
                [&](const std::exception_ptr&, const config::Result<Answer>& answer) {
                  listed = true;
                  EXPECT_THAT(answer->body, HasSubstr("key-999"));
                });
  int turns = 0;
  while (!listed && io.run_one() > 0) ++turns;
  EXPECT_GE(turns, kKeys / 200);
}

TEST_F(Api, KeysOfTheConfigurationAreChangedThereOnly) {
  EXPECT_EQ(code_of(verb::post, "/api/keys", R"({"name":"from-file"})"), ErrorCode::conflict);
  EXPECT_EQ(code_of(verb::patch, "/api/keys/from-file", R"({"team":"x"})"), ErrorCode::conflict);
  EXPECT_EQ(code_of(verb::delete_, "/api/keys/from-file"), ErrorCode::conflict);
  for (const char* action : {"rotate", "disable", "enable"}) {
    EXPECT_EQ(code_of(verb::post, std::string("/api/keys/from-file/") + action),
              ErrorCode::conflict);
  }
  EXPECT_TRUE(told_.empty());
}

TEST_F(Api, AChangeTellsWhatIsNewAndKeepsTheRest) {
  json(verb::post, "/api/keys", R"({"name":"ada","team":"one","owner":"o"})");
  const auto changed = json(verb::patch, "/api/keys/ada", R"({"team":"two","models":["reka-*"]})");
  EXPECT_EQ(member(changed, "team"), "two");
  EXPECT_EQ(member(changed, "owner"), "o");
  EXPECT_EQ(member(changed, "models"), R"(["reka-*"])");
  EXPECT_EQ(member(changed, "version"), "2");
  EXPECT_THAT(changed, Not(HasSubstr("secret")));
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(Api, AChangeThatNamesNothingMakesNoNewVersion) {
  json(verb::post, "/api/keys", R"({"name":"ada","team":"one"})");
  for (const char* body : {"{}", R"({"limits":{}})", R"({"team":"one"})"}) {
    EXPECT_EQ(member(json(verb::patch, "/api/keys/ada", body), "version"), "1") << body;
  }
  EXPECT_EQ(member(json(verb::post, "/api/keys/ada/enable"), "version"), "1");
}

TEST_F(Api, WhoHasSeenAnOlderVersionIsToldOfTheConflict) {
  json(verb::post, "/api/keys", R"({"name":"ada"})");
  EXPECT_TRUE(ask(verb::patch, "/api/keys/ada", R"({"team":"x"})", "1"));
  for (const char* seen : {"1", "\"1\""}) {
    EXPECT_EQ(code_of(verb::patch, "/api/keys/ada", R"({"team":"y"})", seen), ErrorCode::conflict);
    EXPECT_EQ(code_of(verb::delete_, "/api/keys/ada", {}, seen), ErrorCode::conflict);
    EXPECT_EQ(code_of(verb::post, "/api/keys/ada/disable", {}, seen), ErrorCode::conflict);
  }
  EXPECT_EQ(code_of(verb::patch, "/api/keys/ada", "{}", "one"), ErrorCode::invalid_request);
  EXPECT_TRUE(ask(verb::patch, "/api/keys/ada", R"({"team":"y"})", "*"));
}

TEST_F(Api, BodiesAreReadStrictly) {
  json(verb::post, "/api/keys", R"({"name":"ada"})");
  for (const auto& [method, path, body] : std::vector<std::tuple<verb, const char*, const char*>>{
           {verb::post, "/api/keys", ""},
           {verb::post, "/api/keys", "{"},
           {verb::post, "/api/keys", "[]"},
           {verb::post, "/api/keys", R"({"name":""})"},
           {verb::post, "/api/keys", R"({"name":"a/b"})"},
           {verb::post, "/api/keys", R"({"name":".."})"},
           {verb::post, "/api/keys", R"({"name":"key_1"})"},
           {verb::post, "/api/keys", R"({"name":"bob","role":"admin"})"},
           {verb::post, "/api/keys", R"({"name":"bob","models":["nothing"]})"},
           {verb::post, "/api/keys",
            R"({"name":"bob"} )"
            "x"},
           {verb::patch, "/api/keys/ada", R"({"name":"eve"})"},
           {verb::patch, "/api/keys/ada", R"({"secret":"sk-tg-mine"})"},
           {verb::patch, "/api/keys/ada", R"({"version":9})"},
           {verb::post, "/api/keys/ada/rotate", R"({"overlap_s":-1})"},
           {verb::post, "/api/keys/ada/rotate", R"({"overlap":1})"},
           {verb::post, "/api/keys/ada/disable", R"({"why":"x"})"},
           {verb::delete_, "/api/keys/ada", R"({"sure":true})"}}) {
    EXPECT_EQ(code_of(method, path, body), ErrorCode::invalid_request) << path << ' ' << body;
  }
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(Api, RotationGivesANewSecretAndNamesTheOneThatGoes) {
  const auto old = secret_in(json(verb::post, "/api/keys", R"({"name":"ada"})"));
  const auto rotated = json(verb::post, "/api/keys/ada/rotate", R"({"overlap_s":7200})");
  EXPECT_NE(secret_in(rotated), old);
  EXPECT_THAT(secret_in(rotated), HasSubstr("sk-tg-"));
  EXPECT_EQ(member(rotated, "replaced"),
            R"([{"hint":"sk-tg-0102…1f20","until":"2025-06-15T14:00:00Z"}])");
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(member(json(verb::get, "/api/keys/ada"), "replaced"), "[]") << "it has ended";
}

TEST_F(Api, AKeyIsSwitchedOffAndOnAndDeleted) {
  json(verb::post, "/api/keys", R"({"name":"ada"})");
  EXPECT_EQ(member(json(verb::post, "/api/keys/ada/disable"), "state"), "disabled");
  EXPECT_EQ(member(json(verb::post, "/api/keys/ada/enable"), "state"), "active");
  EXPECT_THAT(json(verb::delete_, "/api/keys/ada"), HasSubstr(R"("name":"ada")"));
  EXPECT_EQ(code_of(verb::get, "/api/keys/ada"), ErrorCode::not_found);
  EXPECT_EQ(told_.size(), 4U);
  EXPECT_THAT(told_.back(), HasSubstr(" gone"));
}

TEST_F(Api, TheAuditLogSaysWhoDidWhatWithoutSecrets) {
  const auto secret = secret_in(json(verb::post, "/api/keys", R"({"name":"ada"})"));
  const auto newer = secret_in(json(verb::post, "/api/keys/ada/rotate"));
  json(verb::delete_, "/api/keys/ada");
  const auto log = json(verb::get, "/api/audit");
  providers::JsonDocument document;
  ASSERT_TRUE(document.read(log));
  const auto entries = document.root()["entries"];
  ASSERT_EQ(entries.count(), 3U);
  EXPECT_EQ(entries[0]["action"].text(), "delete");
  EXPECT_TRUE(entries[0]["after"].is_null());
  EXPECT_EQ(entries[0]["before"]["name"].text(), "ada");
  EXPECT_EQ(entries[1]["action"].text(), "rotate");
  EXPECT_EQ(entries[1]["before"]["version"].integer(), 1);
  EXPECT_EQ(entries[1]["after"]["version"].integer(), 2);
  EXPECT_EQ(entries[2]["who"].text(), "admin (cli ada)");
  EXPECT_TRUE(entries[2]["before"].is_null());
  for (const std::string& text : {secret, newer}) {
    EXPECT_THAT(log, Not(HasSubstr(text.substr(6, 16))));
  }
  EXPECT_THAT(json(verb::get, "/api/audit?limit=1"), Not(HasSubstr("rotate")));
  const auto older = json(verb::get, "/api/audit?limit=1&before=3");
  EXPECT_THAT(older, HasSubstr("rotate"));
  EXPECT_EQ(code_of(verb::get, "/api/audit?limit=x"), ErrorCode::invalid_request);
}

TEST_F(Api, BudgetsShowWhatTheLimiterKnows) {
  const config::Budget budget{*config::exact_usd("160"), config::Window::month, "UTC"};
  budgets_.push_back({.account = {AccountKind::key, "ada"},
                      .budget = budget,
                      .spent = *config::exact_usd("144.81"),
                      .held = *config::exact_usd("0.22"),
                      .resets_at = *keys::parse_timestamp("2025-07-01T00:00:00Z")});
  const auto made = json(verb::post, "/api/keys",
                         R"({"name":"ada","budgets":[{"window":"month","limit":"160"}]})");
  EXPECT_EQ(
      member(made, "budgets"),
      R"([{"window":"month","zone":"UTC","limit":"160","spent":"144.81","held":"0.22","learnt":true,)"
      R"("resets_at":"2025-07-01T00:00:00Z"}])");
}

TEST_F(Api, OtherPathsAndMethodsAreNone) {
  json(verb::post, "/api/keys", R"({"name":"ada"})");
  for (const char* path : {"/api", "/api/", "/api/keys/", "/api/key", "/api/keysx", "/api/keys/bob",
                           "/api/keys/ada/", "/api/keys/ada/steal", "/api/keys/ada/rotate/x"}) {
    EXPECT_EQ(code_of(verb::get, path), ErrorCode::not_found) << path;
  }
  EXPECT_EQ(code_of(verb::delete_, "/api/keys"), ErrorCode::method_not_allowed);
  EXPECT_EQ(code_of(verb::get, "/api/keys/ada/rotate"), ErrorCode::method_not_allowed);
  EXPECT_EQ(code_of(verb::post, "/api/keys/ada"), ErrorCode::method_not_allowed);
  EXPECT_EQ(code_of(verb::post, "/api/audit"), ErrorCode::method_not_allowed);
}

}  // namespace
}  // namespace gateway::admin
