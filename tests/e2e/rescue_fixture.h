#pragma once
// A gateway whose routes have somebody to go on with a stream that breaks off. "X-to-Y/F" asks the
// simulator's "mock/F" in dialect X first and "mock/ok" in dialect Y next; the others say in their
// names what the next one does. fresh("F") is the fault F under a name of its own, since breakers
// remember names. One thread.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/base/sha256.h"
#include "tests/e2e/gateway_fixture.h"
#include "tests/support/wait_for.h"

namespace e2e {

inline constexpr std::string_view kRescueDialects[] = {"openrouter", "haimaker", "reka",
                                                       "classic",    "native",   "onprem"};

class RescueFixture : public Gateway {
 protected:
  static void SetUpTestSuite() { start_with(routes()); }

  static Additions routes() {
    std::string models;
    const auto add = [&](std::string_view name, std::string_view more,
                         const std::vector<std::string>& targets) {
      models += fmt::format("  - {{name: \"{}/*\"{}, targets: [{}]}}\n", name, more,
                            fmt::join(targets, ", "));
    };
    for (const auto dialect : kRescueDialects) {
      add(fmt::format("onprem-to-{}", dialect), "",
          {target("onprem", "mock/*"), target(dialect, "mock/ok")});
      if (dialect != "onprem")
        add(fmt::format("{}-to-haimaker", dialect), "",
            {target(dialect, "mock/*"), target("haimaker", "mock/ok")});
      add(fmt::format("{}-anew", dialect), ", rescue: restart",
          {target(dialect, "mock/*"), target("haimaker", "mock/ok", kNoPrefill)});
    }
    for (const std::string_view how : {"repeat", "trim", "ignore", "other"}) {
      for (const auto dialect : kRescueDialects) {
        add(fmt::format("to-{}-{}", dialect, how), "",
            {target("onprem", "mock/*"), target(dialect, fmt::format("mock/prefill-{}", how))});
      }
    }
    const auto first = target("onprem", "mock/*");
    const auto whole = target("haimaker", "mock/ok");
    add("off", ", rescue: off", {first, whole});
    add("nobody", "", {first, target("haimaker", "mock/ok", kNoPrefill)});
    add("passed-over", "",
        {first, target("haimaker", "mock/ok", kNoPrefill), target("reka", "mock/ok")});
    add("twice", "", {first, target("openrouter", "mock/" + fresh("close-after-2")), whole});
    add("thrice", "",
        {first, target("openrouter", "mock/" + fresh("close-after-2")),
         target("reka", "mock/" + fresh("close-after-2")), whole});
    add("to-failing", "", {first, target("haimaker", "mock/503"), target("reka", "mock/ok")});
    add("to-thinking", "", {first, target("openrouter", "mock/reasoning")});
    add("to-whole", "", {first, target("haimaker", "mock/json-though-stream")});
    add("to-comments", "",
        {first, target("onprem", "mock/comments-only", ", timeouts: {first_content: 1s}")});
    add("to-stalled", "", {first, target("onprem", "mock/stall-after-head")});
    add("impatient-to", "",
        {target("onprem", "mock/*", ", timeouts: {first_byte: 2s, first_content: 1s, idle: 1s}"),
         whole});
    add("to-dear", "",
        {first,
         "{provider: haimaker, model: mock/ok, price: {usd_per_million_input: 0, "
         "usd_per_million_output: 100000}}"});
    add("choices", "",
        {target("onprem", "mock/*", ", capabilities: {several_choices: true}"),
         target("haimaker", "mock/ok", ", capabilities: {several_choices: true}")});
    return {.server = "",
            .sections = R"(
teams:
  - {name: poor-team, limits: {budgets: [{usd: 1, window: total}]}}
)",
            .keys = fmt::format("  - {{name: poor, team: poor-team, sha256: {}}}\n",
                                config::to_hex(config::sha256("sk-tg-poor"))),
            .models = models};
  }

  static constexpr std::string_view kNoPrefill = ", capabilities: {prefill: false}";

  static std::string fresh(std::string_view fault) {
    static int count = 0;
    return fmt::format("{},segments-{}", fault, 1'000'000 + ++count);
  }

  static std::string target(std::string_view dialect, std::string_view model,
                            std::string_view more = "") {
    std::string_view provider = dialect;
    if (dialect == "native") provider = "reka, kind: reka_chat";
    if (dialect == "classic") provider = "reka, preset: classic";
    return fmt::format(
        R"({{provider: {}, model: "{}", price: {{usd_per_million_input: 0.10, usd_per_million_output: 0.20}}{}}})",
        provider, model, more);
  }

  static double attempts(std::string_view route, std::string_view outcome) {
    return metric("tollgate_attempts_total",
                  {fmt::format(R"(model="{}/*")", route), fmt::format(R"(outcome="{}")", outcome)});
  }
  static double rescues(std::string_view route, std::string_view outcome) {
    return metric("tollgate_rescues_total",
                  {fmt::format(R"(route="{}/*")", route), fmt::format(R"(outcome="{}")", outcome)});
  }
  // Counted behind the last byte that the client has.
  static bool rescues_become(std::string_view route, std::string_view outcome, double count) {
    return test::wait_for(std::chrono::seconds(5),
                          [&] { return rescues(route, outcome) == count; });
  }
  static std::uint64_t asked() { return upstream().log.totals().requests; }
  static js::value sent() {
    auto body = simulator::parse_json(last_upstream().request.body);
    EXPECT_TRUE(body);
    return body ? std::move(*body) : js::value();
  }

  // The client is told of the failure once, and never that all is well.
  static void expect_broken(const Stream& stream) {
    EXPECT_EQ(stream.answer.status, 200);
    EXPECT_FALSE(stream.done) << stream.answer.body;
    EXPECT_EQ(stream.finish(), "");
    const auto error = stream.error();
    EXPECT_TRUE(error) << stream.answer.body;
    if (error) EXPECT_FALSE(error->at("message").as_string().empty());
  }
};

}  // namespace e2e
