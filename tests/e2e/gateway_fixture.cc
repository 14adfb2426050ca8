#include "tests/e2e/gateway_fixture.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "tests/support/door_tls.h"

namespace e2e {

using simulator::member;
using simulator::text_of;

namespace {

// printf %s sk-tg-test | sha256sum
constexpr std::string_view kKeySha256 =
    "8abfbfbdeb0b70f18469d34c781665f68c8869075934c5683f1dabb359a1fb0b";

constexpr std::string_view kConfiguration =
    R"(server: {{listen: "127.0.0.1:0", workers: 2{tls}{server}}}
admin: {{listen: "127.0.0.1:0"{tls}}}
log: {{level: info, file: ""}}
keys:
  - {{name: tester, team: tests, sha256: {sha256}}}
  # printf %s sk-tg-narrow | sha256sum
  - {{name: narrow, team: tests, models: [rekaai/reka-edge, rekaai/reka-flash-3],
     sha256: 0e07bfac6f8f69d87ebe7444dd13753b25cbbd8e23a29bee1114cb0acaeee4f6}}
providers:
  - {{name: openrouter, kind: openrouter, base_url: "{base}/openrouter/api/v1", api_key: sk-or-up,
     site_url: "https://example.org", site_name: Example, simulated: true, breaker: {{open_for: 60s}}, retries: {{at_most: 0}}}}
  - {{name: haimaker, kind: haimaker, base_url: "{base}/haimaker/v1", api_key: sk-hm-up, breaker: {{open_for: 60s}}, retries: {{at_most: 0}}}}
  - {{name: reka, kind: reka, preset: current, base_url: "{base}/reka/v1", api_key: reka-up, retries: {{at_most: 0}}}}
  - {{name: onprem, kind: openai, base_url: "{base}/onprem/v1", retries: {{at_most: 0}}}}
models:
  - name: rekaai/reka-edge
    context_length: 16384
    targets:
      - {{provider: openrouter, model: rekaai/reka-edge,
         price: {{usd_per_million_input: 0.10, usd_per_million_output: 0.10}}}}
  - name: rekaai/reka-flash-3
    aliases: [fast]
    targets:
      - {{provider: haimaker, model: rekaai/reka-flash-3, capabilities: {{tools: false}},
         price: {{usd_per_million_input: 0.10, usd_per_million_output: 0.20}}}}
  - name: reka-flash-research
    targets:
      - {{provider: reka, kind: reka_research, model: reka-flash-research,
         price: {{usd_per_request: 0.025}}}}
  - name: reka-core
    targets:
      - {{provider: reka, kind: reka_chat, model: reka-core,
         price: {{usd_per_million_input: 10, usd_per_million_output: 25}}}}
  - name: reka-flash
    targets:
      - {{provider: reka, preset: classic, model: reka-flash,
         price: {{usd_per_million_input: 0.80, usd_per_million_output: 2.00}}}}
  - name: reka-flash-3
    targets:
      - {{provider: reka, model: reka-flash-3,
         price: {{usd_per_million_input: 0.10, usd_per_million_output: 0.20}}}}
  - name: RekaAI/reka-flash-3
    targets:
      - {{provider: onprem, model: RekaAI/reka-flash-3,
         capabilities: {{reasoning_tags: ["<reasoning>", "</reasoning>"], stop: ["<sep>"]}},
         price: {{usd_per_million_input: 0, usd_per_million_output: 0}}}}
  - name: text-embedding
    targets:
      - {{provider: openrouter, model: openai/text-embedding-3-small,
         capabilities: {{chat: false, embeddings: true}},
         price: {{usd_per_million_input: 0.02, usd_per_million_output: 0}}}}
  - name: completions
    targets:
      - {{provider: haimaker, model: rekaai/reka-flash-3,
         capabilities: {{chat: false, completions: true}},
         price: {{usd_per_million_input: 0.10, usd_per_million_output: 0.20}}}}
  - {{name: "openrouter/*", targets: [{{provider: openrouter, model: "mock/*", price: &mock
      {{usd_per_million_input: 0.10, usd_per_million_output: 0.20}}}}]}}
  - name: strict
    unsupported_params: reject
    targets: [{{provider: reka, kind: reka_chat, model: reka-core, price: *mock}}]
  - {{name: "haimaker/*", targets: [{{provider: haimaker, model: "mock/*", price: *mock}}]}}
  - {{name: "reka/*", targets: [{{provider: reka, model: "mock/*", price: *mock}}]}}
  - {{name: "native/*", targets: [{{provider: reka, kind: reka_chat, model: "mock/*", price: *mock}}]}}
  - {{name: "onprem/*", targets: [{{provider: onprem, model: "mock/*", price: *mock}}]}}
  - name: "impatient/*"
    targets:
      - {{provider: onprem, model: "mock/*", price: *mock,
         timeouts: {{first_byte: 2s, first_content: 1s, idle: 1s}}}}
  - name: "failover/*"
    targets:
      - {{provider: openrouter, model: "mock/*", price: *mock}}
      - {{provider: haimaker, model: mock/ok, price: *mock}}
)";

// Stands in both: what a chunk's choices say, where it has any.
const js::object* first_choice(const js::value& chunk) {
  const auto* object = chunk.if_object();
  const auto* choices = object ? member(*object, "choices") : nullptr;
  if (!choices || !choices->is_array() || choices->get_array().empty()) return nullptr;
  return choices->get_array()[0].if_object();
}

HeaderFields with_key(HeaderFields headers) {
  const bool own = std::any_of(headers.begin(), headers.end(),
                               [](const auto& field) { return field.first == "Authorization"; });
  if (!own) headers.emplace_back("Authorization", "Bearer " + std::string(kKey));
  return headers;
}

}  // namespace

std::string configuration(const std::string& base, std::string_view server_settings) {
  const test::DoorTls* tls = test::door_tls();
  return fmt::format(kConfiguration, fmt::arg("server", server_settings),
                     fmt::arg("tls", tls != nullptr ? tls->setting : ""),
                     fmt::arg("sha256", kKeySha256), fmt::arg("base", base));
}

std::string Stream::text(std::string_view name) const {
  std::string joined;
  for (const auto& chunk : chunks) {
    const auto* choice = first_choice(chunk);
    const auto* delta = choice ? member(*choice, "delta") : nullptr;
    if (delta && delta->is_object()) joined += text_of(delta->get_object(), name);
  }
  return joined;
}

std::string Stream::finish() const {
  std::string finish;
  for (const auto& chunk : chunks) {
    const auto* choice = first_choice(chunk);
    const auto reason = choice ? text_of(*choice, "finish_reason") : std::string_view();
    if (reason.empty()) continue;
    EXPECT_EQ(finish, "") << "a second finish_reason";
    finish = reason;
  }
  return finish;
}

std::optional<js::value> Stream::usage() const {
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    const auto* usage = chunk->is_object() ? member(chunk->get_object(), "usage") : nullptr;
    if (usage && !usage->is_null()) return *usage;
  }
  return std::nullopt;
}

std::optional<js::value> Stream::error() const {
  if (chunks.empty() || !chunks.back().is_object()) return std::nullopt;
  const auto* error = member(chunks.back().get_object(), "error");
  if (!error) return std::nullopt;
  return *error;
}

Stream taken_apart(HttpAnswer answer) {
  constexpr std::string_view kData = "data: ";
  Stream stream;
  const std::string_view body = answer.body;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find("\n\n", at), body.size());
    const auto event = body.substr(at, end - at);
    at = end + 2;
    EXPECT_FALSE(stream.done) << "after [DONE]: " << event;
    if (event.starts_with(':')) continue;
    EXPECT_TRUE(event.starts_with(kData)) << event;
    const auto data = event.substr(std::min(kData.size(), event.size()));
    if (data == "[DONE]") {
      stream.done = true;
      continue;
    }
    auto chunk = simulator::parse_json(data);
    EXPECT_TRUE(chunk) << "no JSON: " << data;
    if (chunk) stream.chunks.push_back(std::move(*chunk));
  }
  stream.answer = std::move(answer);
  return stream;
}

void expect_sound(const Stream& stream) {
  EXPECT_EQ(stream.answer.status, 200) << stream.answer.body;
  EXPECT_TRUE(stream.answer.header("content-type").starts_with("text/event-stream"));
  EXPECT_TRUE(stream.done);
  EXPECT_EQ(stream.text("role"), "assistant");
  std::set<std::string> frames;
  for (const auto& chunk : stream.chunks) {
    const auto& object = chunk.as_object();
    EXPECT_TRUE(object.contains("choices") && object.at("choices").is_array());
    EXPECT_EQ(text_of(object, "object"), "chat.completion.chunk");
    EXPECT_TRUE(object.contains("created") && object.at("created").is_int64());
    frames.insert(std::string(text_of(object, "id")) + " " + std::string(text_of(object, "model")) +
                  " " + js::serialize(object.at("created")));
    const auto* choice = first_choice(chunk);
    if (choice) EXPECT_TRUE(choice->contains("delta") && choice->at("delta").is_object());
  }
  EXPECT_EQ(frames.size(), 1U) << "id, model and created stay the same";
}

void Gateway::SetUpTestSuite() {
  start_with("");
}

void Gateway::start_with(std::string_view server_settings) {
  simulator_ = std::make_unique<simulator::Simulator>();
  gateway_ = std::make_unique<test::GatewayProcess>(
      TOLLGATE_PROGRAM, configuration(simulator_->url(), server_settings));
}

void Gateway::start_with(const Additions& more) {
  simulator_ = std::make_unique<simulator::Simulator>();
  std::string text = configuration(simulator_->url(), more.server);
  const auto insert_behind = [&text](std::string_view line, const std::string& lines) {
    text.insert(text.find(line) + line.size(), lines);
  };
  insert_behind("\nkeys:\n", more.keys);
  std::string providers = more.providers;
  constexpr std::string_view kBase = "{base}";
  for (auto at = providers.find(kBase); at != std::string::npos; at = providers.find(kBase, at)) {
    providers.replace(at, kBase.size(), simulator_->url());
  }
  insert_behind("\nproviders:\n", providers);
  text += more.models + more.sections;
  gateway_ = std::make_unique<test::GatewayProcess>(TOLLGATE_PROGRAM, text);
}

void Gateway::TearDownTestSuite() {
  // Null when SetUpTestSuite failed.
  if (gateway_) EXPECT_EQ(gateway_->stop(), 0) << gateway_->log();
  gateway_.reset();
  simulator_.reset();
}

std::string Gateway::chat_body(std::string_view model, std::string_view more) {
  return fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"hello"}}]{}}})",
                     model, more);
}

HttpAnswer Gateway::post(std::string_view path, std::string_view body, HeaderFields headers) {
  test::HttpClient client(gateway_->client_port());
  return client.post(path, body, with_key(std::move(headers)));
}

HttpAnswer Gateway::get(std::string_view path) {
  test::HttpClient client(gateway_->client_port());
  return client.get(path, with_key({}));
}

HttpAnswer Gateway::chat(std::string_view model, std::string_view more) {
  return post("/v1/chat/completions", chat_body(model, more));
}

Stream Gateway::stream(std::string_view model, std::string_view more) {
  return taken_apart(chat(model, R"(,"stream":true)" + std::string(more)));
}

js::value Gateway::json(const HttpAnswer& answer) {
  auto value = simulator::parse_json(answer.body);
  EXPECT_TRUE(value) << answer.status << " " << answer.body;
  return value ? std::move(*value) : js::value();
}

double Gateway::metric(std::string_view family, const std::vector<std::string>& labels) {
  const std::string text = test::HttpClient(gateway().admin_port()).get("/metrics").body;
  double sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    bool counts = line.starts_with(std::string(family) + "{");
    for (const auto& label : labels) counts = counts && line.find(label) != std::string::npos;
    if (counts) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

simulator::LogEntry Gateway::last_upstream() {
  auto entries = upstream().log.entries();
  EXPECT_FALSE(entries.empty());
  return entries.empty() ? simulator::LogEntry() : entries.back();
}

}  // namespace e2e
