#include "providers/reka_shared_send.h"

#include <fmt/format.h>

namespace providers::reka {

void address(const Call& call, std::string_view path, UpstreamRequest& request) {
  const config::Target& target = call.target;
  request.path = target.base_url.path;
  request.path += path;
  auto& headers = request.headers;
  const std::string_view key = call.api_key().reveal();
  if (!key.empty()) headers.emplace_back("authorization", fmt::format("Bearer {}", key));
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("accept", request.streamed ? "text/event-stream" : "application/json");
  if (!key.empty()) headers.emplace_back("x-api-key", key);
  headers.insert(headers.end(), target.extra_headers.begin(), target.extra_headers.end());
}

UpstreamRequest with_both_keys(UpstreamRequest request, const config::Target& target) {
  const std::string_view key = target.api_key.reveal();
  if (!key.empty()) request.headers.emplace_back("x-api-key", key);
  return request;
}

}  // namespace providers::reka
