#pragma once
// What the simulator's own tests share: one simulator, one client, and short ways to ask.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/http_client.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/simulator.h"

namespace simulator {

class Upstream : public testing::Test {
 protected:
  using Headers = test::HeaderFields;

  // {"model":…,"messages":[user: hello] more}
  static std::string chat(std::string_view model, std::string_view more = "",
                          std::string_view messages = R"([{"role":"user","content":"hello"}])") {
    return R"({"model":")" + std::string(model) + R"(","messages":)" + std::string(messages) +
           std::string(more) + "}";
  }

  test::HttpAnswer post(std::string_view path, std::string_view body) {
    return client->post(path, body, {{"Authorization", "Bearer sk-good"}});
  }
  test::HttpAnswer get(std::string_view path) {
    return client->get(path, {{"Authorization", "Bearer sk-good"}});
  }

  static js::value parse(std::string_view text) {
    auto value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : js::value();
  }

  // "data: …" payloads of a stream, without [DONE].
  static std::vector<js::value> events(std::string_view stream) {
    std::vector<js::value> found;
    constexpr std::string_view kData = "data: ";
    for (std::size_t at = 0; at < stream.size();) {
      const auto end = std::min(stream.find('\n', at), stream.size());
      const auto line = stream.substr(at, end - at);
      at = end + 1;
      if (line.starts_with(kData) && line != "data: [DONE]")
        found.push_back(parse(line.substr(kData.size())));
    }
    return found;
  }

  // choices[0].delta.NAME of every event, joined.
  static std::string deltas(const std::vector<js::value>& chunks, std::string_view name) {
    std::string text;
    for (const auto& chunk : chunks) {
      const auto* choices = member(chunk.as_object(), "choices");
      if (!choices || choices->as_array().empty()) continue;
      text += text_of(choices->as_array()[0].at("delta").as_object(), name);
    }
    return text;
  }

  Simulator upstream;
  std::unique_ptr<test::HttpClient> client = std::make_unique<test::HttpClient>(upstream.port());
};

inline constexpr std::string_view kHello = "You said: hello — Grüße aus 世界 🦊.";

}  // namespace simulator
