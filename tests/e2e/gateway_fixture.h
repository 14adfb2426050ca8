#pragma once
// The real gateway in front of the upstream simulator, started once for a suite of tests,
// and short ways to ask it. One thread. With TOLLGATE_TEST_TLS=1 both its doors, and all
// clients of the tests, speak TLS.
//
// Models, beside those of config/demo.yaml: "openrouter/X", "haimaker/X", "reka/X",
// "native/X" and "onprem/X" reach the simulator's "mock/X" in that dialect, so that a test
// names the fault it wants: chat("openrouter/reset-after-2"). "failover/X" tries
// OpenRouter's "mock/X" first and haimaker's "mock/ok" next; "impatient/X" is "onprem/X"
// with timeouts of a second or two. No target is asked again by the request that it failed, so
// that a fault is one call upstream; what does so says so itself.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/gateway_process.h"
#include "tests/support/http_client.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/simulator.h"

namespace e2e {

namespace js = simulator::js;
using test::HeaderFields;
using test::HttpAnswer;

inline constexpr std::string_view kKey = "sk-tg-test";
// May use rekaai/reka-edge and rekaai/reka-flash-3 alone.
inline constexpr std::string_view kNarrowKey = "sk-tg-narrow";
inline constexpr std::string_view kHello = "You said: hello — Grüße aus 世界 🦊.";
inline constexpr std::string_view kThought = "The user wants a kind answer — déjà vu.";

// A finished stream, taken apart.
struct Stream {
  HttpAnswer answer;              // head, and the body as text
  std::vector<js::value> chunks;  // every data event but [DONE]
  bool done = false;              // the last event was [DONE]

  // choices[0].delta.NAME of all chunks, joined.
  std::string text(std::string_view name = "content") const;
  std::string finish() const;              // the one finish_reason; fails the test at a second
  std::optional<js::value> usage() const;  // of the last chunk that has it
  std::optional<js::value> error() const;  // of the last chunk
};

class Gateway : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  // For a suite's own SetUpTestSuite(): with these besides the fixture's settings of
  // `server`; they begin with a comma.
  static void start_with(std::string_view server_settings);
  // The same with whole sections added to the configuration, and keys, providers and models to
  // its lists: lines of YAML that begin with "  - ".
  struct Additions {
    std::string server{};  // as start_with() takes them
    std::string sections{};
    std::string keys{};
    std::string providers{};  // each {base} in it becomes the simulator's address
    std::string models{};
  };
  static void start_with(const Additions& more);

  // {"model":…,"messages":[{"role":"user","content":"hello"}] more}; `more` begins with a comma.
  static std::string chat_body(std::string_view model, std::string_view more = "");

  // With kKey, unless the headers hold an Authorization of their own.
  static HttpAnswer post(std::string_view path, std::string_view body, HeaderFields headers = {});
  static HttpAnswer get(std::string_view path);
  static HttpAnswer chat(std::string_view model, std::string_view more = "");
  static Stream stream(std::string_view model, std::string_view more = "");
  static js::value json(const HttpAnswer& answer);

  // The sum over a family's series that have these labels, each as it is written: `model="m"`.
  static double metric(std::string_view family, const std::vector<std::string>& labels);

  // What the simulator got last.
  static simulator::LogEntry last_upstream();
  static simulator::State& upstream() { return simulator_->state(); }
  static std::string upstream_url() { return simulator_->url(); }
  static test::GatewayProcess& gateway() { return *gateway_; }

 private:
  static inline std::unique_ptr<simulator::Simulator> simulator_;
  static inline std::unique_ptr<test::GatewayProcess> gateway_;
};

Stream taken_apart(HttpAnswer answer);

// What the official SDKs need of every stream (one role, one id, one model, choices always
// there, [DONE] last). Adds test failures.
void expect_sound(const Stream& stream);

// The configuration of this fixture for a simulator at `base` ("http://127.0.0.1:PORT").
std::string configuration(const std::string& base, std::string_view server_settings = "");

}  // namespace e2e
