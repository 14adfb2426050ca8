#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"
#include "config/yaml_json.h"

namespace config {
namespace {

constexpr std::pair<std::string_view, OnClientGone> kOnClientGone[] = {
    {"cancel", OnClientGone::cancel}, {"drain", OnClientGone::drain}};

const Provider* read_provider_of(const YamlNode& node, const std::vector<Provider>& providers) {
  std::string name;
  read_line(node, name);
  if (name.empty()) return nullptr;
  const auto found = std::find_if(providers.begin(), providers.end(),
                                  [&](const Provider& one) { return one.name.view() == name; });
  if (found != providers.end()) return &*found;
  std::vector<std::string_view> known;
  known.reserve(providers.size());
  for (const auto& one : providers) known.push_back(one.name.view());
  node.problem(
      fmt::format("no provider is called {}{}", in_quotes(name), did_you_mean(name, known)));
  return nullptr;
}

Target of_provider(const Provider& provider) {
  Target out;
  out.provider = provider.name;
  out.kind = provider.kind;
  out.preset = provider.preset;
  out.base_url = provider.base_url;
  out.api_key = provider.api_key;
  out.further_keys = provider.further_keys;
  out.proxy = provider.proxy;
  out.ca_file = provider.ca_file;
  out.crl_file = provider.crl_file;
  out.simulated = provider.simulated;
  out.site_url = provider.site_url;
  out.site_name = provider.site_name;
  out.extra_headers = provider.extra_headers;
  out.extra_body = provider.extra_body;
  out.timeouts = provider.timeouts;
  out.breaker = provider.breaker;
  out.retries = provider.retries;
  out.probe = provider.probe;
  return out;
}

void read_upstream_model(const YamlNode& node, const ModelName& served, std::string& out) {
  read_line(node, out);
  const auto stars = std::count(out.begin(), out.end(), '*');
  if (stars > 1) {
    node.problem("may hold one *");
  } else if (stars == 1 && !served.view().ends_with('*')) {
    node.problem(fmt::format("holds a *, but {} has none whose match could stand there",
                             in_quotes(served.view())));
  }
}

// The target's own price, else the price files'.
void read_target_price(const YamlNode& node, const YamlNode& target_node, const Provider& provider,
                       const PriceTable& prices, Target& out) {
  if (node.is_scalar()) {
    const auto text = node.text();
    if (text && text->text != "unknown") {
      node.problem("must be a map of prices, or the word unknown");
    }
    return;
  }
  if (node) {
    out.price = read_price(node);
    return;
  }
  if (const auto* price = prices.find(provider.prices_of, out.model)) {
    out.price = *price;
    return;
  }
  // A file that could not be read is the problem, not everything it may have held.
  if (prices.has_gaps) return;
  target_node.problem(
      fmt::format("no price is known for {} at {}: add it to a file under prices:, give price: "
                  "{{usd_per_million_input: …, usd_per_million_output: …}}, or say price: unknown",
                  in_quotes(out.model), in_quotes(provider.prices_of.view())));
}

std::optional<Target> read_target(const YamlNode& node, const Model& served,
                                  const std::vector<Provider>& providers, const PriceTable& prices,
                                  const Surroundings& around) {
  constexpr int kMaxWeight = 1'000'000;
  YamlMap map(node);
  const auto* provider = read_provider_of(map.require("provider"), providers);
  const Provider nobody;
  auto out = of_provider(provider ? *provider : nobody);
  read_upstream_model(map.require("model"), served.name, out.model);
  out.quoted_model = json_string(out.model);
  out.name = TargetName(fmt::format("{}/{}", out.provider.view(), out.model));
  auto& hidden = around.reading.hidden;
  if (hidden.contains(in_quotes(out.provider.view())) || hidden.contains(in_quotes(out.model))) {
    hidden.insert(in_quotes(out.name.view()));
  }
  const auto kind = map.get("kind");
  // A preset belongs to its kind: with another kind, the provider's says nothing.
  if (kind) out.preset.clear();
  read_kind(kind, out.kind, around);
  read_preset(map.get("preset"), out.preset);
  read_whole(map.get("weight"), out.weight, 1, kMaxWeight);
  read_word(map.get("on_client_gone"), out.on_client_gone, kOnClientGone);
  read_whole(map.get("context_length"), out.context_length, 1,
             std::numeric_limits<std::int32_t>::max());
  out.tokenizer = served.tokenizer;
  read_tokenizer(map.get("tokenizer"), out.tokenizer);
  out.overrides = read_capabilities(map.get("capabilities"));
  out.timeouts = read_timeouts(map.get("timeouts"), out.timeouts);
  out.breaker = read_breaker(map.get("breaker"), out.breaker);
  out.retries = read_retries(map.get("retries"), out.retries);
  const auto price = map.get("price");
  if (!provider || out.model.empty()) return std::nullopt;
  read_target_price(price, node, *provider, prices, out);
  if (around.options.check_target && !out.kind.empty()) {
    auto why = around.options.check_target(out);
    if (!why.empty()) node.problem(std::move(why));
  }
  return out;
}

}  // namespace

void read_tokenizer(const YamlNode& node, Tokenizer& out) {
  constexpr std::pair<std::string_view, Tokenizer> kTokenizers[] = {
      {"unknown", Tokenizer::unknown}, {"cl100k_base", Tokenizer::cl100k_base}};
  read_word(node, out, kTokenizers);
}

std::vector<Target> read_targets(const YamlNode& node, const Model& model,
                                 const std::vector<Provider>& providers, const PriceTable& prices,
                                 const Surroundings& around) {
  std::vector<Target> out;
  const auto items = node.items();
  if (items.empty() && (node.is_list() || node.is_null())) node.problem("lists no target");
  UniqueNames names("target");
  for (const auto& item : items) {
    auto target = read_target(item, model, providers, prices, around);
    if (!target || !names.take(item, target->name.str())) continue;
    out.push_back(*std::move(target));
  }
  return out;
}

}  // namespace config
