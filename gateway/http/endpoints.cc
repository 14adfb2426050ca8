#include "gateway/http/endpoints.h"

#include <utility>

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

config::Error Endpoints::nothing_at(std::string_view path) const {
  std::string message = "There is nothing at this path.";
  // A client was given the address without it, and adds the rest by itself.
  constexpr std::string_view kBase = "/v1";
  if (!allowed(std::string(kBase).append(path)).empty()) {
    message.append(" The base URL of a client ends in ")
        .append(kBase)
        .append(", as http://HOST:PORT/v1.");
  }
  return config::failure(config::ErrorCode::not_found, std::move(message));
}

std::string_view Endpoints::known_part(std::string_view path) const {
  std::string_view longest;
  for (const Endpoint& endpoint : table_) {
    if (serves(endpoint, path) && endpoint.path.size() > longest.size()) longest = endpoint.path;
  }
  return longest;
}

}  // namespace gateway::http
