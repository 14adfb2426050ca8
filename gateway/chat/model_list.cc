#include "gateway/chat/model_list.h"

#include <algorithm>
#include <optional>

#include "gateway/http/request.h"
#include "providers/wire/json_writer.h"

namespace gateway::chat {
namespace {

// The API asks for a creation time; ours would change with every restart, so it is
// one that never does.
constexpr std::int64_t kCreated = 1'700'000'000;

std::string usd_per_token(config::PicoUsdPerToken price) {
  return config::to_usd({price.value});
}

// The price of the first target: what the request costs unless that one fails.
void write_pricing(providers::JsonWriter& json, const config::Price& price) {
  json.key("pricing").begin_object();
  json.member("prompt", usd_per_token(price.input));
  json.member("completion", usd_per_token(price.output));
  if (price.cached_read) json.member("input_cache_read", usd_per_token(*price.cached_read));
  if (price.per_request.value != 0) json.member("request", config::to_usd(price.per_request));
  json.end_object();
}

void write_model(providers::JsonWriter& json, const Route& route) {
  const config::Model& model = *route.model;
  json.begin_object();
  json.member("id", model.name.view());
  json.member("object", "model");
  json.member("created", kCreated);
  json.member("owned_by", route.targets.empty() ? std::string_view("tollgate")
                                                : route.targets.front().target.provider.view());
  if (model.context_length > 0) json.member("context_length", model.context_length);
  if (model.max_output_tokens > 0) json.member("max_output_length", model.max_output_tokens);
  if (!route.targets.empty()) {
    const std::optional<config::Price>& price = route.targets.front().target.price;
    if (price) write_pricing(json, *price);
  }
  json.end_object();
}

}  // namespace

std::string model_list(const Snapshot& snapshot, const VirtualKey& key) {
  std::string out;
  providers::JsonWriter json(out);
  json.begin_object().member("object", "list").key("data").begin_array();
  for (const Route& route : snapshot.routes().routes()) {
    // A wildcard is a rule, not a model that can be asked for.
    if (route.model->name.view().ends_with('*')) continue;
    if (key.allows(route.model->name.view())) write_model(json, route);
  }
  json.end_array().end_object();
  return out;
}

config::Result<std::string> one_model(const Snapshot& snapshot, const VirtualKey& key,
                                      std::string_view id) {
  const auto name = http::percent_decoded(id);
  if (!name) {
    return config::invalid_request("The model id in the path is not properly percent-encoded.",
                                   "model");
  }
  auto match = snapshot.routes().find(*name, key);
  if (!match) return match.error();
  std::string out;
  providers::JsonWriter json(out);
  write_model(json, *match->route);
  return out;
}

}  // namespace gateway::chat
