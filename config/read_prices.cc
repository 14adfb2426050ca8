#include <set>

#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"
#include "config/text_file.h"

namespace config {
namespace {

// Prices are read as the text that stands in the file: a double would round them.
template <class Money>
std::optional<Money> read_money(const YamlNode& node,
                                std::optional<Money> (*parse)(std::string_view), int decimals) {
  const auto text = node.text();
  if (!text) return std::nullopt;
  if (auto money = parse(text->text)) return money;
  if (text->text.starts_with('-')) {
    node.problem(fmt::format("must not be negative, and is {}", shown(*text)));
  } else if (scaled_decimal(text->text, decimals, Rounding::half_even)) {
    node.problem(fmt::format("has more than {} decimals, and prices are never rounded", decimals));
  } else {
    node.problem(fmt::format("must be a price in USD like 0.10, not {}", shown(*text)));
  }
  return std::nullopt;
}

std::optional<PicoUsdPerToken> read_per_million(const YamlNode& node) {
  return read_money<PicoUsdPerToken>(node, &usd_per_million, 6);
}

std::optional<PicoUsd> read_usd(const YamlNode& node) {
  return read_money<PicoUsd>(node, &exact_usd, 12);
}

// One file of prices, read with problems of its own name.
void read_price_file(const std::string& path, const YamlValue& root, PriceTable& table,
                     Surroundings& around) {
  Reading reading{path, around.reading.environment, around.reading.problems};
  YamlMap file(YamlNode(reading, root, root.line, ""));
  std::string provider;
  read_line(file.require("provider"), provider);
  YamlMap models(file.require("models"));
  for (const auto& [name, node] : models.entries()) {
    auto price = read_price(node);
    if (!price) {
      table.has_gaps = true;
      continue;
    }
    if (!table.add(ProviderName(provider), name, *std::move(price))) {
      node.problem(fmt::format("already has a price at {}", in_quotes(provider)));
    }
  }
}

}  // namespace

std::optional<Price> read_price(const YamlNode& node) {
  YamlMap map(node);
  const auto input = map.get("usd_per_million_input");
  const auto output = map.get("usd_per_million_output");
  const auto per_request = map.get("usd_per_request");
  Price out;
  if (const auto price = read_per_million(input)) out.input = *price;
  if (const auto price = read_per_million(output)) out.output = *price;
  out.cached_read = read_per_million(map.get("usd_per_million_cached_read"));
  out.cached_write = read_per_million(map.get("usd_per_million_cached_write"));
  out.reasoning = read_per_million(map.get("usd_per_million_reasoning"));
  out.audio_input = read_per_million(map.get("usd_per_million_audio_input"));
  out.audio_output = read_per_million(map.get("usd_per_million_audio_output"));
  out.image_input = read_per_million(map.get("usd_per_million_image_input"));
  if (const auto price = read_usd(per_request)) out.per_request = *price;
  YamlMap variants(map.get("usd_per_request_variants"));
  for (const auto& [name, variant] : variants.entries()) {
    if (const auto price = read_usd(variant)) out.per_request_variants.emplace(name, *price);
  }
  // What is left out must not quietly be free.
  const bool by_token = input && output;
  if (!by_token && (!per_request || input || output)) {
    node.problem(
        "needs usd_per_million_input and usd_per_million_output (0 where it is free), or "
        "usd_per_request");
    return std::nullopt;
  }
  return out;
}

PriceTable read_price_files(const YamlNode& node, Surroundings& around) {
  PriceTable table;
  std::set<std::string> seen;
  for (const auto& item : node.items()) {
    std::string name;
    read_line(item, name);
    if (name.empty()) continue;
    const auto path = around.path_of(name);
    if (!seen.insert(path).second) {
      item.problem("is listed twice");
      continue;
    }
    auto file = around.read(path, kMaxYamlBytes);
    if (auto* fault = std::get_if<FileFault>(&file)) {
      Surroundings::problem(item, path, *fault);
      table.has_gaps = true;
      continue;
    }
    auto tree = parse_yaml(std::get<FileText>(file).text);
    if (auto* fault = std::get_if<YamlFault>(&tree)) {
      around.reading.problems.push_back({path, fault->line, "", std::move(fault->message)});
      table.has_gaps = true;
      continue;
    }
    read_price_file(path, *std::get<YamlPointer>(tree), table, around);
  }
  return table;
}

}  // namespace config
