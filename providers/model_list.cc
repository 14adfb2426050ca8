#include "providers/model_list.h"

#include <utility>

#include "providers/wire/json_document.h"

namespace providers {
namespace {

// Dollars per token, as a decimal in a string or a number.
std::optional<config::PicoUsdPerToken> price(JsonValue value) {
  const auto text = value.is(JsonType::string) ? value.raw_text() : value.raw();
  constexpr int kPico = 12;
  const auto amount = config::scaled_decimal(text, kPico, config::Rounding::half_even);
  if (!amount) return std::nullopt;
  return config::PicoUsdPerToken{*amount};
}

OfferedModel read_model(JsonValue row) {
  OfferedModel model;
  if (row.is(JsonType::string)) {
    model.id = row.text();
    return model;
  }
  model.id = row["id"].text();
  for (const std::string_view name : {"context_length", "max_model_len"}) {
    if (const auto length = row[name].integer(); length && *length > 0) {
      model.context_length = *length;
    }
  }
  model.input = price(row["pricing"]["prompt"]);
  model.output = price(row["pricing"]["completion"]);
  return model;
}

}  // namespace

config::Result<std::vector<OfferedModel>> read_model_list(std::string_view body) {
  JsonDocument document;
  JsonValue list;
  if (document.read(body)) {
    list = document.root().is(JsonType::array) ? document.root() : document.root()["data"];
  }
  if (!list.is(JsonType::array)) {
    return config::failure(config::ErrorCode::upstream_garbled,
                           "The upstream's list of models is not one.",
                           "neither an array nor an object with `data`");
  }
  std::vector<OfferedModel> models;
  for (const JsonValue row : list.elements()) {
    OfferedModel model = read_model(row);
    if (model.id.empty() || model.id.find('*') != std::string::npos) continue;
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace providers
