#include "providers/adapter.h"

#include <algorithm>
#include <cctype>

namespace providers {

Cost Call::cost_with(const Usage& usage) const {
  const Cost cost = cost_of(usage, target.price ? &*target.price : nullptr);
  return spent != nullptr ? sum(*spent, cost) : cost;
}

std::string_view AnswerHead::find(std::string_view name) const {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  if (name.empty()) return {};
  for (const auto& [field, value] : fields) {
    if (std::equal(field.begin(), field.end(), name.begin(), name.end(), same)) return value;
  }
  return {};
}

Usage Adapter::usage_in(const Call&, const AnswerHead&, std::string_view) const {
  return {};
}

UpstreamRequest Adapter::lookup(const config::Target& target, std::string_view path) const {
  UpstreamRequest request;
  request.method = "GET";
  request.path = target.base_url.path;
  request.path += path;
  if (const auto key = target.api_key.reveal(); !key.empty()) {
    request.headers.emplace_back("authorization", "Bearer " + std::string(key));
  }
  request.headers.insert(request.headers.end(), target.extra_headers.begin(),
                         target.extra_headers.end());
  return request;
}

std::vector<std::string> listed_models(JsonWorkspace& json, const ChatRequest& chat) {
  std::vector<std::string> models;
  const JsonMember* member = chat.find("models");
  if (member == nullptr || !json.nested.read(chat.raw(*member))) return models;
  for (JsonValue model : json.nested.root().elements()) models.push_back(model.text());
  return models;
}

}  // namespace providers
