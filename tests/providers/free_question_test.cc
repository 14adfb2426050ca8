// What is asked of each kind that costs nothing, and what its answers mean.

#include <gtest/gtest.h>

#include "providers/adapter.h"
#include "providers/registry.h"

namespace providers {
namespace {

using config::ErrorCode;
using config::FreeQuestion;

constexpr FreeQuestion kAll[] = {FreeQuestion::models, FreeQuestion::health, FreeQuestion::key};

config::Target at(std::string path) {
  config::Target target;
  target.base_url.path = std::move(path);
  target.api_key = config::Secret("sk-1");
  return target;
}

// Its path; empty: there is none.
std::string path_of(std::string_view kind, std::string base, FreeQuestion question) {
  const auto request = find_adapter(kind)->free_question(at(std::move(base)), question);
  return request ? request->path : "";
}

ErrorCode code_of(FreeQuestion question, int status, std::string_view body) {
  const auto answer = find_adapter("openrouter")->read_free_answer(question, status, body);
  return answer ? ErrorCode::internal : answer.error().code;
}

TEST(FreeQuestion, IsAGetWithoutABodyWhateverTheKind) {
  for (const auto kind : kinds()) {
    for (const auto question : kAll) {
      const auto request = find_adapter(kind)->free_question(at("/v1"), question);
      if (!request) continue;
      EXPECT_EQ(request->method, "GET") << kind;
      EXPECT_EQ(request->body.size(), 0U) << kind;
    }
    EXPECT_EQ(path_of(kind, "/v1", FreeQuestion::models), "/v1/models") << kind;
    EXPECT_EQ(path_of(kind, "/v1", FreeQuestion::none), "") << kind;
  }
}

TEST(FreeQuestion, HealthStandsAtTheRootOfASelfHostedServer) {
  EXPECT_EQ(path_of("openai", "/v1", FreeQuestion::health), "/health");
  EXPECT_EQ(path_of("openai", "/team/v1", FreeQuestion::health), "/team/health");
  EXPECT_EQ(path_of("openai", "", FreeQuestion::health), "/health");
}

TEST(FreeQuestion, LiteLLMsHealthIsNotAskedSinceItAsksItsModels) {
  EXPECT_EQ(path_of("haimaker", "/v1", FreeQuestion::health), "");
  config::Provider provider;
  provider.kind = "haimaker";
  provider.probe.ask = FreeQuestion::health;
  EXPECT_EQ(why_not_asked(*find_adapter("haimaker"), provider),
            "kind haimaker has no question health that costs nothing; say one of off, models");
  provider.probe.ask = FreeQuestion::models;
  EXPECT_EQ(why_not_asked(*find_adapter("haimaker"), provider), "");
}

TEST(FreeQuestion, TheKeysStateIsOpenRouters) {
  for (const auto kind : kinds()) {
    EXPECT_EQ(path_of(kind, "/api/v1", FreeQuestion::key),
              kind == "openrouter" ? "/api/v1/key" : "")
        << kind;
  }
}

TEST(FreeQuestion, AKeyWithNothingLeftHasNoCredit) {
  const auto of = [](std::string_view body) { return code_of(FreeQuestion::key, 200, body); };
  constexpr auto kBack = ErrorCode::internal;
  EXPECT_EQ(of(R"({"data":{"limit":100,"limit_remaining":74.5}})"), kBack);
  EXPECT_EQ(of(R"({"data":{"limit":null,"limit_remaining":null}})"), kBack) << "without a limit";
  EXPECT_EQ(of(R"({"data":{"limit_remaining":0}})"), ErrorCode::upstream_no_credit);
  EXPECT_EQ(of(R"({"data":{"limit_remaining":-0.004}})"), ErrorCode::upstream_no_credit);
  for (const auto* odd : {"", "<html>", "{}", R"({"data":[]})"}) {
    EXPECT_EQ(of(odd), ErrorCode::upstream_garbled) << odd;
  }
}

TEST(FreeQuestion, ARefusedKeyIsTheKeysFaultAndAnythingElseIsNotBack) {
  EXPECT_EQ(code_of(FreeQuestion::key, 401, ""), ErrorCode::upstream_denied);
  EXPECT_EQ(code_of(FreeQuestion::key, 403, ""), ErrorCode::upstream_denied);
  EXPECT_EQ(code_of(FreeQuestion::key, 402, ""), ErrorCode::upstream_no_credit);
  for (const int status : {302, 404, 429, 500, 503}) {
    for (const auto question : kAll) {
      EXPECT_EQ(code_of(question, status, ""), ErrorCode::upstream_unavailable) << status;
    }
  }
  EXPECT_EQ(code_of(FreeQuestion::models, 401, ""), ErrorCode::upstream_unavailable);
  EXPECT_EQ(code_of(FreeQuestion::models, 204, ""), ErrorCode::internal) << "no error";
}

}  // namespace
}  // namespace providers
