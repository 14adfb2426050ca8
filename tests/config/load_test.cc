#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/loading.h"

namespace config {
namespace {

using test::kKeys;
using test::kModels;
using test::kProviders;
using test::kSmall;
using test::loaded;
using test::problems_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Load, ASmallFileIsWholeWithDefaults) {
  const auto config = loaded(kSmall);
  EXPECT_EQ(config.server.listen, (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(config.admin.listen, (Endpoint{"127.0.0.1", 8081}));
  EXPECT_EQ(config.admin.token_file, "admin.token");
  ASSERT_EQ(config.models.size(), 1u);
  ASSERT_EQ(config.models[0].targets.size(), 1u);
  const auto& target = config.models[0].targets[0];
  EXPECT_EQ(target.name.str(), "near/m");
  EXPECT_EQ(target.quoted_model, "\"m\"");
  EXPECT_EQ(target.base_url.host_header, "127.0.0.1:9000");
  EXPECT_FALSE(target.price);
}

TEST(Load, EveryProblemIsToldAtOnceWithFileLineAndPath) {
  EXPECT_THAT(
      problems_of("server:\n"
                  "  listne: 127.0.0.1:1\n"
                  "  max_connections: many\n"
                  "keys:\n"
                  "  - {name: ada, sha256: nonsense}\n"
                  "providers:\n"
                  "  - {name: near, kind: opena, base_url: \"ftp://x\", api_key: \"${NOPE}\"}\n"
                  "models:\n"
                  "  - name: fast\n"
                  "    targets: [{provider: naer, model: m}]\n"),
      ElementsAre(
          "t.yaml:2: server.listne: is not a key known here; did you mean \"listen\"?",
          "t.yaml:3: server.max_connections: must be a whole number from 1 to 1000000, not "
          "\"many\"",
          "t.yaml:5: keys[0].sha256: must be the key's SHA-256 as 64 hexadecimal digits "
          "(printf %s KEY | sha256sum)",
          "t.yaml:7: providers[0].api_key: the environment variable NOPE is not set; export it or "
          "write ${NOPE:-default}",
          "t.yaml:7: providers[0].base_url: must begin with https:// (or http:// to this machine)",
          "t.yaml:7: providers[0].kind: must be one of haimaker, openai, openrouter, reka, "
          "reka_chat, reka_research, not \"opena\"; did you mean \"openai\"?",
          "t.yaml:10: models[0].targets[0].provider: no provider is called \"naer\"; did you mean "
          "\"near\"?"));
}

TEST(Load, EverySectionIsRead) {
  const auto config = loaded(
      "server: {listen: \"[::1]:9000\", workers: 3, max_connections: 5, max_head_bytes: 8KiB,\n"
      "  max_requests_in_flight: 6, max_buffered_bytes: 2MiB,\n"
      "  max_body_bytes: 1MiB, head_timeout: 1s, body_timeout: 2s, idle_timeout: 3s,\n"
      "  write_timeout: 4s, drain_timeout: 0s}\n"
      "admin: {listen: \"0.0.0.0:0\", token_file: /run/token, viewer_token_file: viewer}\n"
      "ledger: {database: /var/l.db, journal: j, mode: power, journal_bytes: 64MiB, keep_days: "
      "30,\n"
      "  reconcile: {every: 1m, within: 2h}}\n"
      "log: {level: debug, format: text, file: /tmp/log}\n" +
      kSmall);
  EXPECT_EQ(config.server.listen, (Endpoint{"::1", 9000}));
  EXPECT_EQ(config.server.workers, 3);
  EXPECT_EQ(config.server.max_connections, 5u);
  EXPECT_EQ(config.server.max_requests_in_flight, 6u);
  EXPECT_EQ(config.server.max_buffered_bytes, 2u * 1024 * 1024);
  EXPECT_EQ(config.server.max_head_bytes, 8u * 1024);
  EXPECT_EQ(config.server.max_body_bytes, 1024u * 1024);
  EXPECT_EQ(config.server.head_timeout, milliseconds{1'000});
  EXPECT_EQ(config.server.body_timeout, milliseconds{2'000});
  EXPECT_EQ(config.server.idle_timeout, milliseconds{3'000});
  EXPECT_EQ(config.server.write_timeout, milliseconds{4'000});
  EXPECT_EQ(config.server.drain_timeout, milliseconds{0});
  EXPECT_EQ(config.admin.listen, (Endpoint{"0.0.0.0", 0}));
  EXPECT_EQ(config.admin.token_file, "/run/token");
  EXPECT_EQ(config.admin.viewer_token_file, "viewer");
  EXPECT_EQ(config.ledger.database, "/var/l.db");
  EXPECT_EQ(config.ledger.journal, "j");
  EXPECT_EQ(config.ledger.mode, JournalMode::power);
  EXPECT_EQ(config.ledger.journal_bytes, 64u * 1024 * 1024);
  EXPECT_EQ(config.ledger.keep_days, 30);
  EXPECT_EQ(config.ledger.reconcile.every, milliseconds{60'000});
  EXPECT_EQ(config.ledger.reconcile.within, milliseconds{7'200'000});
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.log.format, LogFormat::text);
  EXPECT_EQ(config.log.file, "/tmp/log");
}

TEST(Load, RelativePathsStartAtTheFilesFolder) {
  const std::string text = std::string(kSmall) +
                           "admin: {token_file: t, viewer_token_file: v}\n"
                           "ledger: {database: l.db, journal: j}\n"
                           "log: {file: gateway.log}\n";
  const auto read = load_text(text, "/etc/tollgate/tollgate.yaml", test::options_with());
  const auto* config = std::get_if<Config>(&read);
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->admin.token_file, "/etc/tollgate/t");
  EXPECT_EQ(config->admin.viewer_token_file, "/etc/tollgate/v");
  EXPECT_EQ(config->ledger.database, "/etc/tollgate/l.db");
  EXPECT_EQ(config->ledger.journal, "/etc/tollgate/j");
  EXPECT_EQ(config->log.file, "/etc/tollgate/gateway.log");
}

TEST(Load, ReconcilingIsSwitchedOffByAWordOrByNought) {
  for (const char* off : {"off", "0", "\"off\""}) {
    const auto config = loaded(std::string("ledger: {reconcile: {every: ") + off + "}}\n" + kSmall);
    EXPECT_EQ(config.ledger.reconcile.every, milliseconds{0}) << off;
    EXPECT_EQ(config.ledger.reconcile.within, Reconcile{}.within);
  }
}

TEST(Load, ATargetHasItsProvidersWordsUnlessItHasItsOwn) {
  const auto config = loaded(kKeys +
                                 "providers:\n"
                                 "  - name: far\n"
                                 "    kind: reka\n"
                                 "    preset: current\n"
                                 "    base_url: https://a.example/v1\n"
                                 "    api_key: ${K}\n"
                                 "    simulated: true\n"
                                 "    site_url: https://b.example\n"
                                 "    site_name: B\n"
                                 "    extra_headers: {x-tag: one}\n"
                                 "    extra_body: {drop_params: true, tags: [a, 1]}\n"
                                 "    timeouts: {connect: 1s, idle: 9s}\n"
                                 "models:\n"
                                 "  - name: a\n"
                                 "    order: weighted\n"
                                 "    unsupported_params: reject\n"
                                 "    rescue: restart\n"
                                 "    hedge: 800ms\n"
                                 "    context_length: 100\n"
                                 "    max_output_tokens: 50\n"
                                 "    tokenizer: cl100k_base\n"
                                 "    targets:\n"
                                 "      - {provider: far, model: m, price: unknown}\n"
                                 "      - provider: far\n"
                                 "        model: n\n"
                                 "        kind: reka_chat\n"
                                 "        weight: 7\n"
                                 "        tokenizer: unknown\n"
                                 "        context_length: 10\n"
                                 "        timeouts: {idle: 90s}\n"
                                 "        capabilities: {max_images: 3, system_role: fold_next}\n"
                                 "        price: unknown\n",
                             {{"K", "s3cret"}});
  ASSERT_EQ(config.models.size(), 1u);
  const auto& model = config.models[0];
  EXPECT_EQ(model.order, Order::weighted);
  EXPECT_EQ(model.unsupported_params, UnsupportedParams::reject);
  EXPECT_EQ(model.rescue, Rescue::restart);
  EXPECT_TRUE(model.hedge.on);
  EXPECT_EQ(model.hedge.after, milliseconds{800});
  EXPECT_EQ(model.context_length, 100);
  EXPECT_EQ(model.max_output_tokens, 50);
  const auto& first = model.targets.at(0);
  EXPECT_EQ(first.kind, "reka");
  EXPECT_EQ(first.preset, "current");
  EXPECT_EQ(first.api_key.reveal(), "s3cret");
  EXPECT_TRUE(first.simulated);
  EXPECT_EQ(first.site_url, "https://b.example");
  EXPECT_EQ(first.site_name, "B");
  EXPECT_THAT(first.extra_headers, ElementsAre(Pair("x-tag", "one")));
  EXPECT_EQ(first.extra_body, R"("drop_params":true,"tags":["a",1])");
  EXPECT_EQ(first.timeouts.connect, milliseconds{1'000});
  EXPECT_EQ(first.timeouts.idle, milliseconds{9'000});
  EXPECT_EQ(first.timeouts.tls, Timeouts{}.tls);
  EXPECT_EQ(first.tokenizer, Tokenizer::cl100k_base);
  const auto& second = model.targets.at(1);
  EXPECT_EQ(second.tokenizer, Tokenizer::unknown);
  EXPECT_EQ(second.kind, "reka_chat");
  EXPECT_EQ(second.preset, "");
  EXPECT_EQ(second.weight, 7);
  EXPECT_EQ(second.context_length, 10);
  EXPECT_EQ(second.timeouts.connect, milliseconds{1'000});
  EXPECT_EQ(second.timeouts.idle, milliseconds{90'000});
  EXPECT_EQ(second.overrides.max_images, 3);
  EXPECT_EQ(second.overrides.system_role, SystemRole::fold_next);
  EXPECT_FALSE(second.overrides.tools);
}

TEST(Load, OverridesStandOverAKindsDefaults) {
  CapabilityOverrides overrides;
  overrides.tools = false;
  Capabilities defaults;
  defaults.max_images = 6;
  const auto can = overrides.over(defaults);
  EXPECT_FALSE(can.tools);
  EXPECT_EQ(can.max_images, 6);
}

TEST(Load, KeysMayBeHeldToModelsByNameAndBeginning) {
  const auto config = loaded(
      "keys:\n"
      "  - name: ada\n"
      "    team: research\n"
      "    sha256: A665A45920422F9D417E4867EFDC4FB8A04A1F3FFF1FA07E998E86F7F7A27AE3\n"
      "    models: [fast, \"openai/*\", openai/gpt-4o, \"f*\", \"*\"]\n"
      "    allow_upstream_extras: true\n"
      "    allow_routing_override: true\n" +
      kProviders +
      "models:\n"
      "  - {name: fast, aliases: [edge], targets: [{provider: near, model: m, price: unknown}]}\n"
      "  - {name: openai/*, targets: [{provider: near, model: x/*, price: unknown}]}\n");
  ASSERT_EQ(config.keys.size(), 1u);
  EXPECT_EQ(config.keys[0].team.str(), "research");
  EXPECT_EQ(config.keys[0].models.size(), 5u);
  EXPECT_TRUE(config.keys[0].allow_upstream_extras);
  EXPECT_TRUE(config.keys[0].allow_routing_override);
  EXPECT_EQ(config.keys[0].sha256[0], 0xa6);
}

TEST(Load, WhoKnowsTheKindsMayRefuseATargetWithItsLine) {
  auto options = test::options_with();
  options.check_target = [](const Target& target) {
    return target.preset == "wrong" ? "no such preset" : "";
  };
  const auto text = kKeys + kProviders +
                    "models:\n"
                    "  - name: fast\n"
                    "    targets:\n"
                    "      - {provider: near, model: m, price: unknown}\n"
                    "      - {provider: near, model: n, preset: wrong, price: unknown}\n";
  const auto result = load_text(text, "t.yaml", options);
  ASSERT_TRUE(std::holds_alternative<std::vector<Problem>>(result));
  EXPECT_THAT(std::get<std::vector<Problem>>(result),
              ElementsAre(Problem{"t.yaml", 9, "models[0].targets[1]", "no such preset"}));
}

TEST(Load, WhoKnowsTheKindsMayRefuseAProbeWithItsLine) {
  auto options = test::options_with();
  options.check_probe = [](const Provider& provider) {
    return provider.probe.ask == FreeQuestion::key ? "no such question" : "";
  };
  const auto with = [&](const std::string& ask) {
    return load_text(
        kKeys +
            "providers:\n"
            "  - name: near\n"
            "    kind: openai\n"
            "    base_url: http://127.0.0.1/v1\n"
            "    probe: {ask: " +
            ask +
            ", every: 3s}\n"
            "models: [{name: m, targets: [{provider: near, model: m, price: unknown}]}]\n",
        "t.yaml", options);
  };
  const auto refused = with("key");
  ASSERT_TRUE(std::holds_alternative<std::vector<Problem>>(refused));
  EXPECT_THAT(std::get<std::vector<Problem>>(refused),
              ElementsAre(Problem{"t.yaml", 7, "providers[0].probe.ask", "no such question"}));
  const auto taken = with("models");
  ASSERT_TRUE(std::holds_alternative<Config>(taken));
  const Probe& probe = std::get<Config>(taken).models[0].targets[0].probe;
  EXPECT_EQ(probe.ask, FreeQuestion::models);
  EXPECT_EQ(probe.every, milliseconds(3'000));
  EXPECT_EQ(probe.kind, "openai");
  const auto off = with("off");
  ASSERT_TRUE(std::holds_alternative<Config>(off));
  EXPECT_EQ(std::get<Config>(off).providers[0].probe.ask, FreeQuestion::none);
}

TEST(Load, AnAliasedValueThatIsWrongIsToldAtEachPathItHas) {
  EXPECT_THAT(
      problems_of(kKeys +
                  "providers:\n"
                  "  - {name: near, kind: openai, base_url: \"http://127.0.0.1/v1\",\n"
                  "     timeouts: &t {conect: 1s}}\n"
                  "models:\n"
                  "  - name: fast\n"
                  "    targets: [{provider: near, model: m, price: unknown, timeouts: *t}]\n"),
      ElementsAre(HasSubstr("models[0].targets[0].timeouts.conect"),
                  HasSubstr("providers[0].timeouts.conect")));
}

}  // namespace
}  // namespace config
