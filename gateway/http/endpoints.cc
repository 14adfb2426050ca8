#include "gateway/http/endpoints.h"

namespace gateway::http {

namespace {

bool serves(const Endpoint& endpoint, std::string_view path) {
  return endpoint.prefix ? path.starts_with(endpoint.path) : path == endpoint.path;
}

}  // namespace

const Endpoint* Endpoints::find(verb method, std::string_view path) const {
  const verb wanted = method == verb::head ? verb::get : method;
  for (const Endpoint& endpoint : table_) {
    if (endpoint.method == wanted && serves(endpoint, path)) return &endpoint;
  }
  return nullptr;
}

std::string Endpoints::allowed(std::string_view path) const {
  std::string methods;
  const auto add = [&](std::string_view method) {
    if (methods.find(method) != std::string::npos) return;
    methods.append(methods.empty() ? "" : ", ").append(method);
  };
  for (const Endpoint& endpoint : table_) {
    if (path != "*" && !serves(endpoint, path)) continue;
    const auto name = boost::beast::http::to_string(endpoint.method);
    add({name.data(), name.size()});
    if (endpoint.method == verb::get) add("HEAD");
  }
  if (!methods.empty()) add("OPTIONS");
  return methods;
}

std::string_view Endpoints::known_part(std::string_view path) const {
  std::string_view longest;
  for (const Endpoint& endpoint : table_) {
    if (serves(endpoint, path) && endpoint.path.size() > longest.size()) longest = endpoint.path;
  }
  return longest;
}

}  // namespace gateway::http
