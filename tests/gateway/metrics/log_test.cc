#include "gateway/log.h"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

namespace log = gateway::log;
using gateway::RequestSummary;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  std::string read_all() {
    ::close(ends[1]);
    ends[1] = -1;
    std::string out;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      out.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return out;
  }

  std::array<int, 2> ends{-1, -1};
};

config::Log settings(const std::string& level = "info") {
  config::Log out;
  out.level = level;
  return out;
}

RequestSummary finished_request() {
  RequestSummary summary;
  summary.request = config::RequestId("req-1");
  summary.key = config::KeyName("ci");
  summary.team = config::TeamName("red");
  summary.model = config::ModelName("rekaai/reka-edge");
  summary.provider = config::ProviderName("openrouter");
  summary.target = config::TargetName("openrouter/rekaai/reka-edge");
  summary.streamed = true;
  summary.attempts = 1;
  summary.status = 200;
  summary.outcome = "ok";
  summary.usage.prompt = 12;
  summary.usage.completion = 3;
  summary.usage.tokens = providers::Source::reported;
  summary.cost = {config::PicoUsd{1'500'000}, providers::Source::priced};
  summary.duration = std::chrono::microseconds(4'250);
  return summary;
}

std::string logged(const RequestSummary& summary) {
  Pipe pipe;
  {
    const auto logging = log::Logging::start_on(pipe.ends[1], settings(), 64 * 1024);
    log::request(summary);
  }
  return pipe.read_all();
}

TEST(Log, ARequestIsOneLineWithItsFacts) {
  const std::string line = logged(finished_request());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_THAT(line, HasSubstr(R"("level":"info","msg":"request","request":"req-1","key":"ci")"));
  EXPECT_THAT(line, HasSubstr(R"("stream":true,"attempts":1,"status":200,"outcome":"ok")"));
  EXPECT_THAT(line, HasSubstr(R"("prompt":12,"completion":3,"tokens":"reported")"));
  EXPECT_THAT(line, HasSubstr(R"("cost_usd":"0.0000015","cost":"priced","ms":4.25)"));
  EXPECT_THAT(line, Not(HasSubstr("first_token_ms")));
}

TEST(Log, AnUpstreamsFaultIsAWarningWithItsDetail) {
  RequestSummary summary = finished_request();
  summary.error = config::ErrorCode::upstream_unavailable;
  summary.error_detail = "refused, key sk-canary-1234";
  const std::string line = logged(summary);
  EXPECT_THAT(line, HasSubstr(R"("level":"warn")"));
  EXPECT_THAT(line, HasSubstr(R"("error":"upstream_unavailable","detail":"refused, key ***")"));
}

TEST(Log, ARequestThatNobodyWasAskedForHasNoCost) {
  RequestSummary summary = finished_request();
  summary.attempts = 0;
  summary.cost = {config::PicoUsd{0}, providers::Source::reported};
  summary.error = config::ErrorCode::upstream_unavailable;
  summary.error_detail = "openrouter/rekaai/reka-edge says no";
  const std::string line = logged(summary);
  EXPECT_THAT(line, Not(HasSubstr("cost")));
}

TEST(Log, NamesOfOursAreNoCredentials) {
  RequestSummary summary = finished_request();
  summary.target = config::TargetName("openrouter/openai/gpt-4o-mini-2024-07-18");
  summary.error = config::ErrorCode::upstream_unavailable;
  summary.error_detail =
      "openrouter/openai/gpt-4o-mini-2024-07-18 was asked with aB3dE5fG7hJ9kL1mN3pQ5";
  EXPECT_THAT(logged(summary),
              HasSubstr("\"openrouter/openai/gpt-4o-mini-2024-07-18 was asked with ***\""));
}

TEST(Log, X05_WhatAnUpstreamSaysAboutAPromptIsNotLogged) {
  RequestSummary summary = finished_request();
  summary.error = config::ErrorCode::upstream_rejected;
  summary.error_detail = "bad message: canary prompt";
  EXPECT_THAT(logged(summary), Not(HasSubstr("canary")));
}

TEST(Log, LinesBelowTheLevelAreNotWritten) {
  Pipe pipe;
  {
    const auto logging = log::Logging::start_on(pipe.ends[1], settings("warn"), 64 * 1024);
    log::info("quiet");
    log::warn("loud", {{"n", 1}});
  }
  const std::string written = pipe.read_all();
  EXPECT_THAT(written, Not(HasSubstr("quiet")));
  EXPECT_THAT(written, HasSubstr("loud"));
}

TEST(Log, WithoutALoggingNothingHappens) {
  log::error("nobody listens");
  log::request(finished_request());
}

TEST(Log, AFileIsAppendedTo) {
  const std::string path = testing::TempDir() + "tollgate-log-" + std::to_string(::getpid());
  config::Log to_file = settings();
  to_file.file = path;
  for (int i = 0; i < 2; ++i) {
    auto logging = log::Logging::start(to_file);
    ASSERT_TRUE(logging);
    log::info("round", {{"i", i}});
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  std::filesystem::remove(path);
  EXPECT_THAT(text.str(), HasSubstr("\"i\":0}\n"));
  EXPECT_THAT(text.str(), HasSubstr("\"i\":1}\n"));
}

TEST(Log, AFileThatCannotBeOpenedIsAnError) {
  config::Log to_file = settings();
  to_file.file = "/nonexistent/folder/log";
  const auto logging = log::Logging::start(to_file);
  ASSERT_FALSE(logging);
  EXPECT_THAT(logging.error().message, HasSubstr("/nonexistent/folder/log"));
}

TEST(Log, O17_AReaderThatDoesNotReadCostsLinesAndNotTime) {
  Pipe pipe;  // holds 64 KiB; nobody reads
  constexpr int kLines = 20'000;
  const auto dropped_before = log::dropped();
  {
    const auto logging = log::Logging::start_on(pipe.ends[1], settings(), 64 * 1024);
    for (int i = 0; i < kLines; ++i) log::request(finished_request());
    EXPECT_GT(log::dropped(), dropped_before);
  }  // returns although the pipe is still full
  const auto dropped = log::dropped() - dropped_before;
  const std::string written = pipe.read_all();
  const auto lines = std::count(written.begin(), written.end(), '\n');
  EXPECT_EQ(static_cast<std::uint64_t>(lines) + dropped, kLines);
}

TEST(Log, LinesOfManyThreadsStayWhole) {
  Pipe pipe;
  std::string written;
  std::thread reader;
  {
    const auto logging = log::Logging::start_on(pipe.ends[1], settings(), 4 * 1024 * 1024);
    reader = std::thread([&] {
      std::array<char, 4096> buffer{};
      for (ssize_t n = 0; (n = ::read(pipe.ends[0], buffer.data(), buffer.size())) > 0;) {
        written.append(buffer.data(), static_cast<std::size_t>(n));
      }
    });
    std::array<std::thread, 3> writers;
    for (auto& writer : writers) {
      writer = std::thread([] {
        for (int i = 0; i < 500; ++i) log::info("line", {{"i", i}});
      });
    }
    for (auto& writer : writers) writer.join();
  }
  ::close(pipe.ends[1]);
  pipe.ends[1] = -1;
  reader.join();
  std::istringstream lines(written);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("{\"ts\":\"") && line.ends_with("}")) << line;
  }
  EXPECT_EQ(count, 1'500);
}

}  // namespace
