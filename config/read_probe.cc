#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {

void read_probe(const YamlNode& node, Provider& out, const Surroundings& around) {
  constexpr std::pair<std::string_view, FreeQuestion> kQuestions[] = {
      {"off", FreeQuestion::none},
      {"models", FreeQuestion::models},
      {"health", FreeQuestion::health},
      {"key", FreeQuestion::key}};
  constexpr milliseconds kShortest{1'000};
  YamlMap map(node);
  const auto ask = map.get("ask");
  read_word(ask, out.probe.ask, kQuestions);
  read_duration(map.get("every"), out.probe.every, kShortest);
  out.probe.kind = out.kind;
  if (out.probe.ask == FreeQuestion::key && !out.further_keys.empty()) {
    ask.problem("key asks about one key, and this provider has several; say off or models");
  }
  if (!around.options.check_probe || out.probe.ask == FreeQuestion::none || out.kind.empty())
    return;
  auto why = around.options.check_probe(out);
  if (why.empty()) return;
  ask.problem(std::move(why));
  out.probe.ask = FreeQuestion::none;
}

}  // namespace config
