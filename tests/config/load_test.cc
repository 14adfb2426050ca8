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
using testing::IsEmpty;

TEST(Load, ASmallFileIsWholeWithDefaults) {
  const auto config = loaded(kSmall);
  EXPECT_EQ(config.server.listen, (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(config.admin.listen, (Endpoint{"127.0.0.1", 8081}));
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

}  // namespace
}  // namespace config
