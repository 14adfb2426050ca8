// Broken configurations: each is refused, and the problem says what and where.

#include <cstdio>
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/base/sha256.h"
#include "config/load.h"
#include "config/yaml_tree.h"
#include "tests/config/loading.h"

namespace config {
namespace {

using test::kKeys;
using test::kModels;
using test::kProviders;
using test::kSmall;
using test::loaded;
using test::options_with;
using test::problems_of;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string provider(const std::string& more) {
  return "providers:\n  - {name: near, kind: openai, " + more + "}\n";
}

std::string model(const std::string& more) {
  return "models:\n  - {name: fast, targets: [{provider: near, model: m, " + more + "}]}\n";
}

std::string key(const std::string& secret) {
  return "keys: [{name: ada, sha256: " + to_hex(sha256(secret)) + "}]\n";
}

struct Broken {
  const char* what;
  std::string text;
  std::string line;  // a part of the one problem
};

TEST(Refused, R08_EachBrokenFileIsToldByFileLineAndPath) {
  const std::string url = "base_url: \"https://a.example\"";
  const Broken cases[] = {
      {"syntax", kSmall + "server: [\n", "not YAML"},
      {"empty", "", "t.yaml: the file is empty"},
      {"a list", "- a\n", "t.yaml:1: must be a map"},
      {"unknown key", kSmall + "sever: {}\n", "t.yaml:8: sever: is not a key known here"},
      {"bodies larger than all of them", kSmall + "server: {max_buffered_bytes: 1MiB}\n",
       "t.yaml:8: server.max_buffered_bytes: is less than max_body_bytes"},
      {"a pace that is none", kSmall + "ledger: {reconcile: {every: never}}\n",
       "t.yaml:8: ledger.reconcile.every: must be a time like 10m, or off, not \"never\""},
      {"a pace too quick", kSmall + "ledger: {reconcile: {every: 10ms}}\n",
       "t.yaml:8: ledger.reconcile.every: must be from 1s to 24h"},
      {"a span too short", kSmall + "ledger: {reconcile: {every: 13h}}\n",
       "t.yaml:8: ledger.reconcile.every: `within` must be twice `every` at least"},
      {"a span too short", kSmall + "ledger: {reconcile: {within: 5m}}\n",
       "t.yaml:8: ledger.reconcile.within: `within` must be twice `every` at least"},
      {"wrong type", kSmall + "server: 5\n", "t.yaml:8: server: must be a map"},
      {"duplicate key", kSmall + "keys: []\n",
       "t.yaml:8: keys: is written twice; the first stands in line 1"},
      {"duplicate nested key", kSmall + "log: {level: info, level: warn}\n",
       "t.yaml:8: log.level: is written twice"},
      {"missing variable", kKeys + provider(url + ", api_key: \"${NOPE}\"") + kModels,
       "t.yaml:4: providers[0].api_key: the environment variable NOPE is not set"},
      {"bad URL", kKeys + provider("base_url: nonsense") + kModels,
       "t.yaml:4: providers[0].base_url: must begin with https://"},
      {"URL with a password",
       kKeys + provider("base_url: \"https://u:hunter2@a.example\"") + kModels,
       "providers[0].base_url: must not hold a user or a password"},
      {"unknown kind", kKeys + "providers: [{name: near, kind: oracle, " + url + "}]\n" + kModels,
       "providers[0].kind: must be one of"},
      {"unknown provider",
       kKeys + kProviders + "models: [{name: fast, targets: [{provider: far, model: m}]}]\n",
       "t.yaml:5: models[0].targets[0].provider: no provider is called \"far\""},
      {"no target", kKeys + kProviders + "models: [{name: fast, targets: []}]\n",
       "models[0].targets: lists no target"},
      {"targets left out", kKeys + kProviders + "models: [{name: fast}]\n",
       "models[0]: \"targets\" is missing"},
      {"no model", kKeys + kProviders + "models: []\n", "models: lists no model"},
      {"same target twice",
       kKeys + kProviders +
           "models: [{name: fast, targets: [{provider: near, model: m, price: unknown}, "
           "{provider: near, model: m, price: unknown}]}]\n",
       "models[0].targets[1]: the target \"near/m\" already stands in line 5"},
      {"negative price",
       kKeys + kProviders + model("price: {usd_per_million_input: -1, usd_per_million_output: 0}"),
       "models[0].targets[0].price.usd_per_million_input: must not be negative"},
      {"price that is no number",
       kKeys + kProviders +
           model("price: {usd_per_million_input: .nan, usd_per_million_output: 0}"),
       "price.usd_per_million_input: must be a price in USD"},
      {"price too fine",
       kKeys + kProviders +
           model("price: {usd_per_million_input: 0.0000001, usd_per_million_output: 0}"),
       "price.usd_per_million_input: has more than 6 decimals"},
      {"half a price", kKeys + kProviders + model("price: {usd_per_million_input: 1}"),
       "price: needs usd_per_million_input and usd_per_million_output"},
      {"price word", kKeys + kProviders + model("price: free"),
       "price: must be a map of prices, or the word unknown"},
      {"price missing", kKeys + kProviders + model("weight: 1"),
       "models[0].targets[0]: no price is known for \"m\" at \"near\""},
      {"price file gone", kSmall + "prices: [nowhere.yaml]\n",
       "prices[0]: nowhere.yaml cannot be read: No such file"},
      {"CA file gone", kKeys + provider(url + ", ca_file: nowhere.pem") + kModels,
       "providers[0].ca_file: nowhere.pem cannot be read"},
      {"secret file gone", kKeys + provider(url + ", api_key: \"file:nowhere\"") + kModels,
       "providers[0].api_key: the file it names cannot be read"},
      {"empty secret", kKeys + provider(url + ", api_key: \"\"") + kModels,
       "providers[0].api_key: is an empty secret"},
      {"empty secret from outside", kKeys + provider(url + ", api_key: \"${NOPE:-}\"") + kModels,
       "providers[0].api_key: is an empty secret"},
      {"the same key twice",
       kKeys + provider(url + ", api_key: sk-abc, api_keys: [sk-abd, sk-abc]") + kModels,
       "providers[0].api_keys[1]: is the same key as one before it"},
      {"a placeholder among keys",
       kKeys + provider(url + ", api_keys: [sk-abd, changeme]") + kModels,
       "providers[0].api_keys[1]: is a placeholder, not a key"},
      {"a question about one of several keys",
       kKeys + provider(url + ", api_keys: [sk-abd, sk-abe], probe: {ask: key}") + kModels,
       "providers[0].probe.ask: key asks about one key, and this provider has several; say off or "
       "models"},
      {"an empty secret among keys", kKeys + provider(url + ", api_keys: [\"\"]") + kModels,
       "providers[0].api_keys[0]: is an empty secret"},
      {"too many keys",
       kKeys +
           provider(url +
                    ", api_keys: [k1a, k2a, k3a, k4a, k5a, k6a, k7a, k8a, k9a, k10, k11, k12, "
                    "k13, k14, k15, k16, k17]") +
           kModels,
       "providers[0].api_keys: there may be 16 keys at most"},
      {"a probe of no such name", kKeys + provider(url + ", probe: {ask: chat}") + kModels,
       "t.yaml:4: providers[0].probe.ask: must be one of off, models, health, key, not \"chat\""},
      {"a probe too often",
       kKeys + provider(url + ", probe: {ask: models, every: 500ms}") + kModels,
       "t.yaml:4: providers[0].probe.every: must be from 1s to 24h"},
      {"too many retries", kKeys + provider(url + ", retries: {at_most: 11}") + kModels,
       "providers[0].retries.at_most: must be a whole number from 0 to 10"},
      {"a wait nobody waits", kKeys + provider(url + ", retries: {cap: 31s}") + kModels,
       "providers[0].retries.cap: must be at most 30s"},
      {"a cap below its base", kKeys + provider(url + ", retries: {base: 2s, cap: 1s}") + kModels,
       "providers[0].retries.cap: the base of the waits must not be longer than their cap"},
      {"a share of more than all", kKeys + provider(url + ", retries: {share: 101}") + kModels,
       "providers[0].retries.share: must be a whole number from 0 to 100"},
      {"an attempt of no time", kKeys + provider(url + ", timeouts: {attempt: never}") + kModels,
       "providers[0].timeouts.attempt: must be a time like 10m, or off"},
      {"a deadline of no time", kSmall + "server: {deadline: 0s}\n",
       "server.deadline: must be from 100ms to 24h"},
      {"secret that splits a header", kKeys + provider(url + ", api_key: \"a\\r\\nb\"") + kModels,
       "providers[0].api_key: holds a blank or a character"},
      {"two keys equal",
       "keys:\n  - {name: ada, sha256: " + to_hex(sha256("k")) +
           "}\n  - {name: bob, sha256: " + to_hex(sha256("k")) + "}\n" + kProviders + kModels,
       "t.yaml:3: keys[1].sha256: is the same key as that of \"ada\""},
      {"two keys of one name",
       "keys:\n  - {name: ada, sha256: " + to_hex(sha256("k")) +
           "}\n  - {name: ada, sha256: " + to_hex(sha256("l")) + "}\n" + kProviders + kModels,
       "t.yaml:3: keys[1]: the key \"ada\" already stands in line 2"},
      {"key for an unknown model",
       "keys: [{name: ada, models: [fats], sha256: " + to_hex(sha256("k")) + "}]\n" + kProviders +
           kModels,
       "keys[0].models[0]: no model is called \"fats\"; did you mean \"fast\"?"},
      {"key for an alias",
       "keys: [{name: ada, models: [quick], sha256: " + to_hex(sha256("k")) + "}]\n" + kProviders +
           "models: [{name: fast, aliases: [quick], targets: [{provider: near, model: m, price: "
           "unknown}]}]\n",
       "keys[0].models[0]: \"quick\" is another name of \"fast\": allow that, which allows both"},
      {"key that allows nothing",
       "keys: [{name: ada, models: [], sha256: " + to_hex(sha256("k")) + "}]\n" + kProviders +
           kModels,
       "keys[0].models: allows nothing"},
      {"two providers of one name",
       kKeys + kProviders + "  - {name: near, kind: openai, " + url + "}\n" + kModels,
       "t.yaml:5: providers[1]: the provider \"near\" already stands in line 4"},
      {"two models of one name",
       kSmall + "  - {name: fast, targets: [{provider: near, model: n, price: unknown}]}\n",
       "t.yaml:8: models[1].name: the model or alias \"fast\" already stands in line 6"},
      {"alias that is a model",
       kSmall + "  - {name: slow, aliases: [fast], targets: [{provider: near, model: n, price: "
                "unknown}]}\n",
       "models[1].aliases[0]: the model or alias \"fast\" already stands in line 6"},
      {"star inside a name",
       kSmall + "  - {name: a*b, targets: [{provider: near, model: n, price: unknown}]}\n",
       "models[1].name: may hold a * only as its last character"},
      {"star without a match",
       kKeys + kProviders + model("weight: 2, price: unknown") +
           "  - {name: b, targets: [{provider: near, model: x*, price: "
           "unknown}]}\n",
       "models[1].targets[0].model: holds a *, but \"b\" has none"},
      {"weight of nothing", kKeys + kProviders + model("weight: 0, price: unknown"),
       "models[0].targets[0].weight: must be a whole number from 1"},
      {"unknown capability",
       kKeys + kProviders + model("price: unknown, capabilities: {tool: true}"),
       "models[0].targets[0].capabilities.tool: is not a key known here; did you mean \"tools\"?"},
      {"unknown capability word",
       kKeys + kProviders + model("price: unknown, capabilities: {system_role: fold}"),
       "capabilities.system_role: must be one of pass, fold_first, fold_next, not \"fold\""},
      {"half a pair of tags",
       kKeys + kProviders + model("price: unknown, capabilities: {reasoning_tags: [\"<r>\"]}"),
       "capabilities: reasoning_tags must be the opening and the closing tag"},
      {"header of ours", kKeys + provider(url + ", extra_headers: {Authorization: x}") + kModels,
       "providers[0].extra_headers.Authorization: is a header the gateway sets itself"},
      {"field of ours", kKeys + provider(url + ", extra_body: {model: x}") + kModels,
       "providers[0].extra_body.model: is a field the gateway sets itself"},
      {"address by name", kSmall + "server: {listen: \"localhost:8080\"}\n",
       "server.listen: must be an address and a port"},
      {"admin for everyone", kSmall + "admin: {listen: \"0.0.0.0:8081\"}\n",
       "t.yaml:8: admin.listen: is beyond this machine, which needs admin.token_file"},
      {"viewers with the admin's token",
       kSmall + "admin: {token_file: token, viewer_token_file: token}\n",
       "t.yaml:8: admin.viewer_token_file: is the same file as token_file"},
      {"both doors the same", kSmall + "admin: {listen: \"127.0.0.1:8080\"}\n",
       "server.listen and admin.listen are the same"},
      {"not UTF-8", kSmall + "log: {file: \"\xff\"}\n", "t.yaml:8: bytes that are not UTF-8"},
      {"a second document", kSmall + "---\n" + kSmall, "a second document"},
  };
  for (const auto& broken : cases) {
    EXPECT_THAT(problems_of(broken.text),
                ElementsAre(AllOf(StartsWith("t.yaml"), HasSubstr(broken.line))))
        << broken.what;
  }
}

TEST(Refused, R08_AnAliasBombAndAHugeFile) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 20; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(problems_of(bomb), ElementsAre(HasSubstr("aliases counted each time")));
  EXPECT_THAT(problems_of(std::string(kMaxYamlBytes + 1, '#')),
              ElementsAre("t.yaml: larger than 8 MiB"));
}

TEST(Refused, R08_AFileThatIsGoneOrEndless) {
  for (const auto* path : {"/nowhere/tollgate.yaml", "/", "/dev/zero"}) {
    const auto result = load(path, options_with());
    ASSERT_TRUE(std::holds_alternative<std::vector<Problem>>(result)) << path;
    EXPECT_THAT(to_string(std::get<std::vector<Problem>>(result).front()), StartsWith(path));
  }
}

TEST(Refused, A24_R13_EmptyAndWellKnownKeys) {
  EXPECT_THAT(problems_of(key("a-random-one-8f3a") + kProviders + kModels), IsEmpty());
  for (const auto* secret : {"", "changeme", "sk-1234", "password", "test", "tollgate"}) {
    EXPECT_THAT(
        problems_of(key(secret) + kProviders + kModels),
        ElementsAre(HasSubstr("keys[0].sha256: is the digest of an empty or well-known key")))
        << secret;
  }
  const std::string zeros(64, '0');
  EXPECT_THAT(problems_of("keys: [{name: a, sha256: \"" + zeros + "\"}]\n" + kProviders + kModels),
              ElementsAre(HasSubstr("well-known")));
}

TEST(Refused, A24_R13_PlaceholdersForAProvidersKey) {
  const std::string url = "base_url: \"https://a.example\"";
  EXPECT_THAT(problems_of(kKeys + provider(url + ", api_key: changeme") + kModels),
              ElementsAre(HasSubstr("providers[0].api_key: is a placeholder, not a key")));
  EXPECT_THAT(problems_of(kKeys + provider(url + ", api_key: demo, simulated: true") + kModels),
              IsEmpty());
}

TEST(Refused, R13_NoKeysUnlessAuthIsNoneOnLoopback) {
  EXPECT_THAT(problems_of(kProviders + kModels),
              ElementsAre(HasSubstr("no key is configured, so nobody could ask")));
  EXPECT_THAT(problems_of("keys: []\n" + kProviders + kModels),
              ElementsAre(StartsWith("t.yaml:1: keys: no key is configured")));
  EXPECT_THAT(problems_of("auth: none\n" + kProviders + kModels), IsEmpty());
  EXPECT_THAT(problems_of("auth: none\nserver: {listen: \"0.0.0.0:80\"}\n" + kProviders + kModels),
              ElementsAre(StartsWith("t.yaml:1: auth: none works on the loopback only")));
  EXPECT_THAT(problems_of("auth: none\n" + kSmall),
              ElementsAre("t.yaml:1: auth: none would ignore the keys that are listed"));
}

TEST(Refused, X04_PlainHttpBeyondThisMachine) {
  const auto with = [](const std::string& more) {
    return problems_of(kKeys + provider(more) + kModels);
  };
  EXPECT_THAT(with("base_url: \"http://vllm.internal:8000/v1\""),
              ElementsAre(AllOf(StartsWith("t.yaml:4: providers[0].base_url: "),
                                HasSubstr("insecure_http: true"))));
  EXPECT_THAT(with("base_url: \"http://vllm.internal:8000/v1\", insecure_http: true"), IsEmpty());
  EXPECT_THAT(with("base_url: \"http://127.0.0.1:8000/v1\""), IsEmpty());
  EXPECT_THAT(with("base_url: \"http://localhost:8000/v1\""), IsEmpty());
  EXPECT_THAT(with("base_url: \"http://[::1]:8000/v1\""), IsEmpty());
}

TEST(Refused, SecretsAreNeverRepeated) {
  const std::string url = "base_url: \"https://u:hunter2@a.example\"";
  const auto text = "keys: [{name: ada, sha256: hunter2}]\n" +
                    provider(url + ", api_key: \"hunter2 \\n\"") + kModels;
  EXPECT_THAT(problems_of(text), Not(Contains(HasSubstr("hunter2"))));
  const auto from_outside =
      "keys: [{name: ada, sha256: \"${S}\"}]\n"
      "server: {listen: \"${S}\", workers: \"${S}\", head_timeout: \"${S}\", max_head_bytes: "
      "\"${S}\"}\n"
      "log: {level: \"${S}\"}\n" +
      provider("base_url: \"${S}\", api_key: \"${S} \", simulated: \"${S}\"") +
      model(
          "weight: \"${S}\", price: {usd_per_million_input: \"${S}\", usd_per_million_output: 0}");
  const auto problems = problems_of(from_outside, {{"S", "hunter2"}});
  EXPECT_EQ(problems.size(), 11u);
  EXPECT_THAT(problems, Not(Contains(HasSubstr("hunter2"))));
}

// A key that stands where something else was meant, which nothing there knows as a secret.
TEST(Refused, WhatCameFromTheEnvironmentIsNeverRepeated) {
  const std::string from_outside =
      "keys: [{name: ada, sha256: " + to_hex(sha256("8f3a")) +
      ", models: [\"${S}\"]}, {name: \"${S}\", sha256: " + to_hex(sha256("8f3b")) +
      "}, {name: \"${S}\", sha256: " + to_hex(sha256("8f3b")) +
      "}]\n"
      "server: {tls: {certificate: \"${S}\", key: \"${S}\"}}\n"
      "limits: {budgets: [{usd: 1, window: day, zone: \"${S}\"}]}\n"
      "prices: [\"${S}\"]\n" +
      provider(
          "base_url: \"https://a.example/${S} \", ca_file: \"${S}\", crl_file: \"${S}\", api_key: "
          "\"file:${S}\", proxy: \"${S}\"") +
      "models:\n"
      "  - {name: fast, aliases: [\"${S}\", \"${S}\"], targets: [{provider: \"${S}\", model: m}]}\n"
      "  - {name: \"${S}\", targets: [{provider: near, model: \"${S}*\"}]}\n";
  for (const char* secret : {"sk-or-hunter2", "hunter2"}) {
    const auto problems = problems_of(from_outside, {{"S", secret}});
    EXPECT_EQ(problems.size(), 15u);
    EXPECT_THAT(problems, Not(Contains(HasSubstr("hunter2")))) << testing::PrintToString(problems);
  }
  const auto without_price =
      kKeys + provider("base_url: \"https://a.example\", prices_of: \"${S}\"") +
      "models: [{name: fast, targets: [{provider: near, model: \"${S}\"}]}]\n";
  const auto twice = kKeys + kProviders +
                     "models: [{name: fast, targets: [{provider: near, model: \"${S}\", price: "
                     "unknown}, {provider: near, model: \"${S}\", price: unknown}]}]\n";
  EXPECT_THAT(problems_of(twice, {{"S", "hunter2"}}),
              ElementsAre(HasSubstr("the target the value from the environment already stands")));
  EXPECT_THAT(problems_of(without_price, {{"S", "hunter2"}}),
              ElementsAre(HasSubstr("no price is known for the value from the environment at the "
                                    "value from the environment: add it")));

  // What an adapter says of a target is told in its own words.
  auto options = options_with({{"S", "hunter2"}});
  options.check_target = [](const Target& target) {
    return "there is no preset \"" + target.preset + '"';
  };
  const auto preset =
      load_text(kKeys + provider("base_url: \"https://a.example\", preset: \"${S}\"") + kModels,
                "t.yaml", options);
  EXPECT_THAT(to_string(std::get<std::vector<Problem>>(preset).at(0)),
              HasSubstr("there is no preset the value from the environment"));
}

// A file that is removed again.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& text, mode_t mode)
      : path_(testing::TempDir() + "tollgate_config_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Refused, R08_ABrokenPriceFileIsNamedItself) {
  const TemporaryFile prices(
      "provider: near\n"
      "models:\n"
      "  m: {usd_per_million_input: 1, usd_per_million_output: -2}\n"
      "  n: {usd_per_million_input: 1, usd_per_milion_output: 2}\n"
      "  m: {usd_per_request: 0.1}\n"
      "currency: USD\n",
      0644);
  const auto at = [&](const std::string& rest) { return HasSubstr(prices.path() + rest); };
  EXPECT_THAT(problems_of("prices: [" + prices.path() + "]\n" + kSmall),
              ElementsAre(at(":3: models.m.usd_per_million_output: must not be negative"),
                          at(":4: models.n: needs usd_per_million_input"),
                          at(":4: models.n.usd_per_milion_output: is not a key known here; did you "
                             "mean \"usd_per_million_output\"?"),
                          at(":5: models.m: already has a price at \"near\""),
                          at(":5: models.m: is written twice; the first stands in line 3"),
                          at(":6: currency: is not a key known here")));
}

std::vector<Problem> warnings_of(const std::string& text, mode_t mode) {
  const TemporaryFile file(text, mode);
  std::vector<Problem> warnings;
  auto options = options_with({{"OUTSIDE", "s3cret-from-outside"}});
  options.warnings = &warnings;
  EXPECT_TRUE(std::holds_alternative<Config>(load(file.path(), options)));
  return warnings;
}

TEST(Warned, A25_SecretsInAFileThatEveryoneMayRead) {
  const std::string url = "base_url: \"https://a.example\", api_key: ";
  const auto written = kKeys + provider(url + "s3cret") + kModels;
  const auto named = kKeys + provider(url + "\"${OUTSIDE}\"") + kModels;
  const auto warnings = warnings_of(written, 0644);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].path, "providers[0].api_key");
  EXPECT_EQ(warnings[0].line, 4);
  EXPECT_THAT(to_string(warnings[0]), Not(HasSubstr("s3cret")));
  EXPECT_THAT(warnings_of(written, 0600), IsEmpty());
  EXPECT_THAT(warnings_of(named, 0644), IsEmpty());
}

TEST(Warned, A25_ASecretFileThatEveryoneMayRead) {
  const TemporaryFile secret("sk-from-a-file\n", 0644);
  const auto text =
      kKeys + provider("base_url: \"https://a.example\", api_key: \"file:" + secret.path() + "\"") +
      kModels;
  std::vector<Problem> warnings;
  auto options = options_with();
  options.warnings = &warnings;
  EXPECT_TRUE(std::holds_alternative<Config>(load_text(text, "t.yaml", options)));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].file, secret.path());
}

TEST(Load, SecretsMayComeFromFiles) {
  const TemporaryFile secret("sk-from-a-file\n", 0600);
  const auto config = loaded(
      kKeys + provider("base_url: \"https://a.example\", api_key: \"file:" + secret.path() + "\"") +
      kModels);
  ASSERT_EQ(config.providers.size(), 1u);
  EXPECT_EQ(config.providers[0].api_key.reveal(), "sk-from-a-file");
}

}  // namespace
}  // namespace config
