#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

constexpr std::pair<std::string_view, UnsupportedParams> kUnsupportedParams[] = {
    {"drop", UnsupportedParams::drop}, {"reject", UnsupportedParams::reject}};
constexpr std::pair<std::string_view, Rescue> kRescues[] = {
    {"off", Rescue::off}, {"prefill", Rescue::prefill}, {"restart", Rescue::restart}};
constexpr std::size_t kLongestName = 256;

bool plain_name(const YamlNode& node, std::string_view name) {
  if (name.find(' ') != std::string_view::npos) {
    node.problem("must not hold a blank");
    return false;
  }
  if (name.size() > kLongestName) {
    node.problem(fmt::format("must not be longer than {} bytes", kLongestName));
    return false;
  }
  return true;
}

void read_model_name(const YamlNode& node, ModelName& out) {
  std::string name;
  read_line(node, name);
  if (name.empty() || !plain_name(node, name)) return;
  if (name.find('*') < name.size() - 1)
    return node.problem("may hold a * only as its last character");
  out = ModelName(std::move(name));
}

void read_aliases(const YamlNode& node, UniqueNames& names, std::vector<std::string>& out) {
  for (const auto& item : node.items()) {
    std::string alias;
    read_line(item, alias);
    if (alias.empty() || !plain_name(item, alias)) continue;
    if (alias.find('*') != std::string::npos) {
      item.problem("an alias is one exact name; a * may end a model's name");
      continue;
    }
    if (names.take(item, alias)) out.push_back(std::move(alias));
  }
}

void read_hedge(const YamlNode& node, Hedge& out) {
  constexpr milliseconds kSoonest{10};
  if (!node) return;
  const auto text = node.text();
  if (!text || text->text == "off") return;
  out.on = true;
  if (text->text == "p95") return;
  if (text->text.find_first_of("0123456789") != 0) {
    return node.problem(fmt::format("must be off, p95 or a time like 800ms, not {}", shown(*text)));
  }
  read_duration(node, out.after, kSoonest);
}

Model read_model(const YamlNode& node, UniqueNames& names, const std::vector<Provider>& providers,
                 const PriceTable& prices, const Surroundings& around) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  Model out;
  YamlMap map(node);
  const auto name = map.require("name");
  read_model_name(name, out.name);
  if (!out.name.empty()) names.take(name, out.name.str());
  read_aliases(map.get("aliases"), names, out.aliases);
  read_whole(map.get("context_length"), out.context_length, 1, kMost);
  read_whole(map.get("max_output_tokens"), out.max_output_tokens, 1, kMost);
  read_whole(map.get("reserve_output_tokens"), out.reserve_output_tokens, 1, kMost);
  read_word(map.get("unsupported_params"), out.unsupported_params, kUnsupportedParams);
  read_word(map.get("order"), out.order, kOrders);
  read_word(map.get("rescue"), out.rescue, kRescues);
  read_hedge(map.get("hedge"), out.hedge);
  if (const auto deadline = map.get("deadline")) {
    milliseconds time{0};
    read_duration(deadline, time, kShortestDeadline);
    if (time > milliseconds(0)) out.deadline = time;
  }
  read_tokenizer(map.get("tokenizer"), out.tokenizer);
  out.targets = read_targets(map.require("targets"), out, providers, prices, around);
  return out;
}

}  // namespace

std::vector<Model> read_models(const YamlNode& node, const std::vector<Provider>& providers,
                               const PriceTable& prices, const Surroundings& around) {
  std::vector<Model> out;
  UniqueNames names("model or alias");
  for (const auto& item : node.items()) {
    out.push_back(read_model(item, names, providers, prices, around));
  }
  return out;
}

}  // namespace config
