#include "config/nearest.h"
#include "config/proxy.h"
#include "config/sections.h"

namespace config {

void read_proxy(const YamlNode& node, const BaseUrl& upstream, Proxy& out, Surroundings& around) {
  const auto written = node.text();
  if (!written || written->text.empty()) return;
  std::string address = written->text;
  std::string from;
  bool in_this_file = !written->from_environment;
  if (address == "environment") {
    auto named = proxy_of_environment(upstream, around.options.environment);
    if (!named) return;
    address = *std::move(named);
    from = "names one by the environment's variables that ";
    in_this_file = false;
  } else if (address.starts_with("file:")) {
    Secret secret;
    read_secret(node, secret, around);
    if (secret.empty()) return;
    address = std::string(secret.reveal());
    in_this_file = false;
  }
  auto parsed = parse_proxy(address);
  if (const auto* why = std::get_if<std::string>(&parsed)) {
    return node.problem(from + *why + (in_this_file ? did_you_mean(address, {"environment"}) : ""));
  }
  out = std::get<Proxy>(std::move(parsed));
  if (in_this_file && !out.authorization.empty()) around.plain_secrets.push_back(node);
}

}  // namespace config
