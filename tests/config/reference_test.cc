// The shipped files: the example is the reference, key for key and default for
// default, and the demo serves every system with and without keys.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/base/sha256.h"
#include "config/load.h"
#include "config/summary.h"
#include "config/yaml_tree.h"
#include "tests/config/loading.h"

namespace config {
namespace {

using test::options_with;

const std::string kExample = std::string(TOLLGATE_SOURCE_DIR) + "/config/tollgate.example.yaml";
const std::string kDemo = std::string(TOLLGATE_SOURCE_DIR) + "/config/demo.yaml";

const test::Variables kExampleVariables = {{"TOLLGATE_KEY_SHA256", to_hex(sha256("some key"))},
                                           {"OPENROUTER_API_KEY", "or-1"},
                                           {"HAIMAKER_API_KEY", "hm-1"},
                                           {"REKA_API_KEY", "rk-1"}};

Config shipped(const std::string& path, const LoadOptions& options) {
  auto result = load(path, options);
  if (auto* config = std::get_if<Config>(&result)) return std::move(*config);
  for (const auto& problem : std::get<std::vector<Problem>>(result)) {
    ADD_FAILURE() << to_string(problem);
  }
  return {};
}

// Every key that is written, as "providers[].timeouts.connect".
void collect(const YamlValue& value, const std::string& path, std::set<std::string>& keys) {
  for (const auto& item : value.items) collect(*item, path + "[]", keys);
  for (const auto& entry : value.entries) {
    const auto child = path.empty() ? entry.key : path + "." + entry.key;
    keys.insert(child);
    collect(*entry.value, child, keys);
  }
}

TEST(Reference, TheExampleHasEveryKeyOfTheCodeAndNoOther) {
  auto options = options_with(kExampleVariables);
  std::set<std::string> asked;
  options.asked_keys = &asked;
  shipped(kExample, options);

  std::ifstream file(kExample);
  std::ostringstream text;
  text << file.rdbuf();
  std::set<std::string> written;
  collect(*std::get<YamlPointer>(parse_yaml(text.str())), "", written);

  std::vector<std::string> only_in_code;
  std::vector<std::string> only_in_example;
  std::set_difference(asked.begin(), asked.end(), written.begin(), written.end(),
                      std::back_inserter(only_in_code));
  std::set_difference(written.begin(), written.end(), asked.begin(), asked.end(),
                      std::back_inserter(only_in_example));
  EXPECT_THAT(only_in_code, testing::IsEmpty());
  EXPECT_THAT(only_in_example, testing::IsEmpty());
  EXPECT_GT(asked.size(), 100u);
}

TEST(Reference, TheExampleShowsTheDefaults) {
  const auto shown = shipped(kExample, options_with(kExampleVariables));
  const Config defaults;
  EXPECT_EQ(shown.server.listen, defaults.server.listen);
  EXPECT_EQ(shown.server.workers, defaults.server.workers);
  EXPECT_EQ(shown.server.max_connections, defaults.server.max_connections);
  EXPECT_EQ(shown.server.max_requests_in_flight, defaults.server.max_requests_in_flight);
  EXPECT_EQ(shown.server.max_buffered_bytes, defaults.server.max_buffered_bytes);
  EXPECT_EQ(shown.server.max_head_bytes, defaults.server.max_head_bytes);
  EXPECT_EQ(shown.server.max_body_bytes, defaults.server.max_body_bytes);
  EXPECT_EQ(shown.server.head_timeout, defaults.server.head_timeout);
  EXPECT_EQ(shown.server.body_timeout, defaults.server.body_timeout);
  EXPECT_EQ(shown.server.idle_timeout, defaults.server.idle_timeout);
  EXPECT_EQ(shown.server.write_timeout, defaults.server.write_timeout);
  EXPECT_EQ(shown.server.sign_of_life, defaults.server.sign_of_life);
  EXPECT_EQ(shown.server.drain_timeout, defaults.server.drain_timeout);
  EXPECT_EQ(shown.admin.listen, defaults.admin.listen);
  EXPECT_EQ(shown.admin.token_file,
            std::string(TOLLGATE_SOURCE_DIR) + "/config/" + defaults.admin.token_file);
  EXPECT_EQ(shown.admin.viewer_token_file, defaults.admin.viewer_token_file);
  EXPECT_EQ(shown.ledger.database,
            std::string(TOLLGATE_SOURCE_DIR) + "/config/" + defaults.ledger.database);
  EXPECT_EQ(shown.ledger.journal,
            std::string(TOLLGATE_SOURCE_DIR) + "/config/" + defaults.ledger.journal);
  EXPECT_EQ(shown.ledger.mode, defaults.ledger.mode);
  EXPECT_EQ(shown.ledger.journal_bytes, defaults.ledger.journal_bytes);
  EXPECT_EQ(shown.ledger.keep_days, defaults.ledger.keep_days);
  EXPECT_EQ(shown.ledger.reconcile.every, defaults.ledger.reconcile.every);
  EXPECT_EQ(shown.ledger.reconcile.within, defaults.ledger.reconcile.within);
  EXPECT_EQ(shown.log.level, defaults.log.level);
  EXPECT_EQ(shown.log.format, defaults.log.format);
  EXPECT_EQ(shown.log.file, defaults.log.file);
  EXPECT_EQ(shown.auth, defaults.auth);
  EXPECT_THAT(shown.ledger.database, testing::EndsWith("/config/" + defaults.ledger.database));
  EXPECT_THAT(shown.ledger.journal, testing::EndsWith("/config/" + defaults.ledger.journal));
  EXPECT_EQ(shown.ledger.mode, defaults.ledger.mode);
  EXPECT_EQ(shown.ledger.journal_bytes, defaults.ledger.journal_bytes);
  EXPECT_EQ(shown.ledger.keep_days, defaults.ledger.keep_days);
  ASSERT_FALSE(shown.models.empty());
  EXPECT_EQ(shown.models[0].reserve_output_tokens, Model{}.reserve_output_tokens);
  EXPECT_EQ(shown.models[0].tokenizer, Model{}.tokenizer);
  EXPECT_EQ(shown.models[0].rescue, Model{}.rescue);
  EXPECT_EQ(shown.models[0].hedge.on, Model{}.hedge.on);
  EXPECT_EQ(shown.models[0].targets.at(0).on_client_gone, Target{}.on_client_gone);
  ASSERT_FALSE(shown.providers.empty());
  const auto& timeouts = shown.providers[0].timeouts;
  EXPECT_EQ(timeouts.connect, Timeouts{}.connect);
  EXPECT_EQ(timeouts.tls, Timeouts{}.tls);
  EXPECT_EQ(timeouts.first_byte, Timeouts{}.first_byte);
  EXPECT_EQ(timeouts.first_content, Timeouts{}.first_content);
  EXPECT_EQ(timeouts.whole_answer, Timeouts{}.whole_answer);
  EXPECT_EQ(timeouts.idle, Timeouts{}.idle);
  EXPECT_EQ(timeouts.attempt, Timeouts{}.attempt);
  EXPECT_EQ(shown.server.deadline, Server{}.deadline);
  const auto& retries = shown.providers[0].retries;
  EXPECT_EQ(retries.at_most, Retries{}.at_most);
  EXPECT_EQ(retries.base, Retries{}.base);
  EXPECT_EQ(retries.cap, Retries{}.cap);
  EXPECT_EQ(retries.before_next, Retries{}.before_next);
  EXPECT_EQ(retries.share, Retries{}.share);
  EXPECT_EQ(retries.floor, Retries{}.floor);
  EXPECT_EQ(shown.providers[0].probe.ask, Probe{}.ask);
  EXPECT_EQ(shown.providers[0].probe.every, Probe{}.every);
}

TEST(Reference, TheExampleShowsEveryCapabilitysDefault) {
  const auto shown = shipped(kExample, options_with(kExampleVariables));
  ASSERT_FALSE(shown.models.empty());
  auto overrides = shown.models.back().targets.at(0).overrides;
  EXPECT_EQ(overrides.reasoning_tags, (Words{"<reasoning>", "</reasoning>"}));
  EXPECT_EQ(overrides.stop, Words{"<sep>"});
  overrides.reasoning_tags = Words{};
  overrides.stop = Words{};
  const Capabilities defaults;
#define TOLLGATE_SAME(type, name, value, doc) EXPECT_EQ(overrides.name, defaults.name) << #name;
  TOLLGATE_CAPABILITIES(TOLLGATE_SAME)
#undef TOLLGATE_SAME
}

const Target& target_of(const Config& config, std::string_view name, std::size_t index = 0) {
  for (const auto& model : config.models) {
    if (model.name.view() == name) return model.targets.at(index);
  }
  throw std::out_of_range("no model " + std::string(name));
}

void expect_every_system(const Config& config) {
  EXPECT_EQ(target_of(config, "rekaai/reka-edge").kind, "openrouter");
  EXPECT_EQ(target_of(config, "rekaai/reka-flash-3").kind, "haimaker");
  EXPECT_EQ(target_of(config, "rekaai/reka-flash-3", 1).kind, "openrouter");
  EXPECT_EQ(target_of(config, "rekaai/reka-flash-3").overrides.tools, false);
  EXPECT_EQ(target_of(config, "reka-flash-research").kind, "reka_research");
  EXPECT_EQ(target_of(config, "reka-flash-research").timeouts.whole_answer,
            std::chrono::seconds{900});
  for (const auto* name : {"reka-core", "reka-core-20240415", "reka-core-20240501",
                           "reka-flash-20240226", "reka-edge-20240208"}) {
    EXPECT_EQ(target_of(config, name).kind, "reka_chat") << name;
    EXPECT_EQ(target_of(config, name).preset, "") << name;
  }
  for (const auto* name : {"reka-flash", "reka-edge"}) {
    EXPECT_EQ(target_of(config, name).kind, "reka") << name;
    EXPECT_EQ(target_of(config, name).preset, "classic") << name;
  }
  for (const auto* name : {"reka-flash-3", "reka-edge-2603"}) {
    EXPECT_EQ(target_of(config, name).kind, "reka") << name;
    EXPECT_EQ(target_of(config, name).preset, "current") << name;
  }
  const auto& on_premises = target_of(config, "RekaAI/reka-flash-3");
  EXPECT_EQ(on_premises.kind, "openai");
  EXPECT_TRUE(on_premises.api_key.empty());
  EXPECT_EQ(on_premises.overrides.reasoning_tags, (Words{"<reasoning>", "</reasoning>"}));
  EXPECT_EQ(on_premises.overrides.stop, Words{"<sep>"});
}

TEST(Reference, TheExampleServesEverySystem) {
  const auto config = shipped(kExample, options_with(kExampleVariables));
  expect_every_system(config);
  EXPECT_EQ(target_of(config, "openai/*").model, "openai/*");
  EXPECT_EQ(target_of(config, "openai/text-embedding-3-small").overrides.embeddings, true);
  EXPECT_EQ(target_of(config, "legacy-completions").overrides.completions, true);
}

TEST(Demo, ServesEverySystemByTheRealProvidersWhoseKeysAreThere) {
  const auto config =
      shipped(kDemo, options_with({{"REKA_API_KEY", "rk-1"},
                                   {"OPENROUTER_API_KEY", "or-1"},
                                   {"HAIMAKER_API_KEY", "hm-1"},
                                   {"TOLLGATE_DEMO_KEY_SHA256", to_hex(sha256("a demo key"))}}));
  expect_every_system(config);
  const auto& edge = target_of(config, "rekaai/reka-edge");
  EXPECT_EQ(edge.base_url.host_header, "openrouter.ai");
  EXPECT_TRUE(edge.base_url.tls);
  EXPECT_FALSE(edge.simulated);
}

TEST(Demo, ServesEverySystemBySimulatorsWhereNoKeyIsThere) {
  test::Variables variables{{"TOLLGATE_DEMO_KEY_SHA256", to_hex(sha256("a demo key"))},
                            {"TOLLGATE_LISTEN", "127.0.0.1:0"},
                            {"TOLLGATE_ADMIN_LISTEN", "127.0.0.1:0"}};
  for (const std::string name : {"REKA", "OPENROUTER", "HAIMAKER", "ONPREM"}) {
    variables[name + "_API_KEY"] = "sk-demo";
    variables[name + "_BASE_URL"] = "http://127.0.0.1:9100/" + name + "/v1";
    variables[name + "_SIMULATED"] = "true";
  }
  const auto config = shipped(kDemo, options_with(variables));
  expect_every_system(config);
  for (const auto& provider : config.providers) {
    EXPECT_TRUE(provider.simulated) << provider.name.str();
    EXPECT_EQ(provider.base_url.host_header, "127.0.0.1:9100");
  }
  EXPECT_EQ(config.server.listen.port, 0);
}

TEST(Demo, WithoutAKeyOrASimulatorItNamesTheVariables) {
  const auto result = load(kDemo, options_with({{"REKA_API_KEY", "rk-1"}}));
  ASSERT_TRUE(std::holds_alternative<std::vector<Problem>>(result));
  std::string all;
  for (const auto& problem : std::get<std::vector<Problem>>(result))
    all += to_string(problem) + '\n';
  for (const auto* name : {"OPENROUTER_API_KEY", "HAIMAKER_API_KEY", "TOLLGATE_DEMO_KEY_SHA256"}) {
    EXPECT_THAT(all, testing::HasSubstr(name));
  }
  EXPECT_THAT(all, testing::Not(testing::HasSubstr("REKA_API_KEY ")));
}

TEST(Summary, SaysWhatWasLoadedAndNoSecret) {
  auto config = shipped(kExample, options_with(kExampleVariables));
  config.providers.back().simulated = true;
  EXPECT_EQ(summary(config),
            "listen     127.0.0.1:8080 (admin 127.0.0.1:8081)\n"
            "keys       1 key in 1 team\n"
            "providers  4: openrouter, haimaker, reka, onprem (simulated)\n"
            "models     17 with 18 targets, 1 of unknown price\n");
}

}  // namespace
}  // namespace config
