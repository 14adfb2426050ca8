#include <algorithm>

#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"
#include "config/text_file.h"
#include "config/yaml_json.h"

namespace config {
namespace {

// Fields that frame a message, name its peer or carry its key are not the
// operator's to add.
constexpr std::string_view kOwnHeaders[] = {
    "authorization", "connection", "content-encoding", "content-length",    "content-type",
    "expect",        "host",       "keep-alive",       "proxy-connection",  "te",
    "trailer",       "upgrade",    "x-api-key",        "transfer-encoding", "accept-encoding"};

constexpr std::string_view kOwnMembers[] = {"model",          "messages", "stream",
                                            "stream_options", "input",    "prompt"};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// A name that can stand in a metric's label, a header and a path.
void read_provider_name(const YamlNode& node, std::string& out) {
  std::string name;
  read_line(node, name);
  if (name.empty()) return;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  if (!plain || name.size() > 64) {
    return node.problem("must be at most 64 letters, digits, '_', '-' and '.'");
  }
  out = std::move(name);
}

void read_base_url(const YamlNode& node, const Provider& provider, BaseUrl& out) {
  const auto text = node.text();
  if (!text) return;
  auto parsed = parse_base_url(text->text);
  if (auto* why = std::get_if<std::string>(&parsed)) return node.problem(std::move(*why));
  out = std::get<BaseUrl>(std::move(parsed));
  if (!out.tls && !provider.insecure_http && !is_loopback(out.host)) {
    node.problem(
        "sends keys and prompts in the clear beyond this machine; use https:// or, on a network "
        "you "
        "trust, say insecure_http: true");
  }
}

void read_headers(const YamlNode& node, Provider& out) {
  constexpr std::string_view kTokenOthers = "!#$%&'*+-.^_`|~";
  YamlMap map(node);
  for (const auto& [name, value] : map.entries()) {
    std::string text;
    read_line_or_nothing(value, text);
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             kTokenOthers.find(c) != std::string_view::npos;
    });
    if (!token) {
      value.problem("is no name a header can have");
    } else if (contains(kOwnHeaders, lowered(name))) {
      value.problem("is a header the gateway sets itself");
    } else {
      out.extra_headers.emplace_back(name, std::move(text));
    }
  }
}

void read_extra_body(const YamlNode& node, std::string& out) {
  if (!node) return;
  out = json_members(node);
  if (!node.is_map()) return;
  YamlMap map(node);
  for (const auto& [name, value] : map.entries()) {
    if (contains(kOwnMembers, name)) value.problem("is a field the gateway sets itself");
  }
}

void read_tls_file(const YamlNode& node, std::string& out, const Surroundings& around) {
  constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
  std::string name;
  read_line_or_nothing(node, name);
  if (name.empty()) return;
  out = around.path_of(name);
  const auto file = read_text_file(out, kMaxBytes);
  if (const auto* fault = std::get_if<FileFault>(&file)) {
    Surroundings::problem(node, out, *fault);
  }
}

Secret read_key(const YamlNode& node, bool simulated, Surroundings& around) {
  Secret key;
  read_secret(node, key, around);
  if (!simulated && !key.empty() && is_well_known_secret(key.reveal())) {
    node.problem("is a placeholder, not a key");
  }
  return key;
}

void read_keys(const YamlNode& first, const YamlNode& others, Provider& out, Surroundings& around) {
  out.api_key = read_key(first, out.simulated, around);
  const auto items = others.items();
  if (items.size() + (first ? 1 : 0) > kMostKeys) {
    return others.problem(fmt::format("there may be {} keys at most", kMostKeys));
  }
  for (const auto& item : items) {
    Secret key = read_key(item, out.simulated, around);
    if (key.empty()) continue;  // that problem is already told
    const auto same = std::find(out.further_keys.begin(), out.further_keys.end(), key);
    if (key == out.api_key || same != out.further_keys.end()) {
      item.problem("is the same key as one before it");
    } else if (out.api_key.empty()) {
      out.api_key = std::move(key);
    } else {
      out.further_keys.push_back(std::move(key));
    }
  }
}

Provider read_provider(const YamlNode& node, Surroundings& around) {
  Provider out;
  YamlMap map(node);
  std::string name;
  read_provider_name(map.require("name"), name);
  out.name = ProviderName(name);
  read_provider_name(map.get("prices_of"), name);
  out.prices_of = ProviderName(name);
  read_kind(map.require("kind"), out.kind, around);
  read_preset(map.get("preset"), out.preset);
  read_bool(map.get("insecure_http"), out.insecure_http);
  read_base_url(map.require("base_url"), out, out.base_url);
  read_bool(map.get("simulated"), out.simulated);
  read_keys(map.get("api_key"), map.get("api_keys"), out, around);
  read_proxy(map.get("proxy"), out.base_url, out.proxy, around);
  read_tls_file(map.get("ca_file"), out.ca_file, around);
  read_tls_file(map.get("crl_file"), out.crl_file, around);
  read_line_or_nothing(map.get("site_url"), out.site_url);
  read_line_or_nothing(map.get("site_name"), out.site_name);
  read_headers(map.get("extra_headers"), out);
  read_extra_body(map.get("extra_body"), out.extra_body);
  out.timeouts = read_timeouts(map.get("timeouts"), out.timeouts);
  out.breaker = read_breaker(map.get("breaker"), out.breaker);
  out.retries = read_retries(map.get("retries"), out.retries);
  read_probe(map.get("probe"), out, around);
  return out;
}

}  // namespace

void read_kind(const YamlNode& node, std::string& out, const Surroundings& around) {
  const auto text = node.text();
  if (!text) return;
  const auto& kinds = around.options.kinds;
  if (std::find(kinds.begin(), kinds.end(), text->text) == kinds.end()) {
    return refuse_word(node, *text, kinds);
  }
  out = text->text;
}

void read_preset(const YamlNode& node, std::string& out) {
  std::string preset;
  read_line_or_nothing(node, preset);
  const bool word = std::all_of(preset.begin(), preset.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!word) return node.problem("must be one word in lower case");
  if (!preset.empty()) out = std::move(preset);
}

Timeouts read_timeouts(const YamlNode& node, Timeouts defaults) {
  YamlMap map(node);
  read_duration(map.get("connect"), defaults.connect);
  read_duration(map.get("tls"), defaults.tls);
  read_duration(map.get("first_byte"), defaults.first_byte);
  read_duration(map.get("first_content"), defaults.first_content);
  read_duration(map.get("whole_answer"), defaults.whole_answer);
  read_duration(map.get("idle"), defaults.idle);
  read_duration_or_off(map.get("attempt"), defaults.attempt, milliseconds{1});
  return defaults;
}

Breaker read_breaker(const YamlNode& node, Breaker defaults) {
  constexpr int kMostInARow = 250;
  constexpr int kMostAttempts = 1'000'000;
  YamlMap map(node);
  read_whole(map.get("failures_in_a_row"), defaults.failures_in_a_row, 0, kMostInARow);
  read_whole(map.get("failure_share"), defaults.failure_share, 0, 100);
  read_whole(map.get("least_attempts"), defaults.least_attempts, 1, kMostAttempts);
  read_duration(map.get("window"), defaults.window);
  read_duration(map.get("open_for"), defaults.open_for);
  read_duration(map.get("open_at_most"), defaults.open_at_most);
  read_duration(map.get("unusable_for"), defaults.unusable_for);
  return defaults;
}

Retries read_retries(const YamlNode& node, Retries defaults) {
  constexpr int kMostRetries = 10;
  constexpr int kHighestFloor = 1'000;
  // What upstreams ask for is known up to a minute: a cap must stay below that, to tell more apart.
  constexpr milliseconds kLongestCap{30'000};
  Retries out = defaults;
  YamlMap map(node);
  read_whole(map.get("at_most"), out.at_most, 0, kMostRetries);
  const auto base = map.get("base");
  const auto cap = map.get("cap");
  read_duration(base, out.base, milliseconds{0});
  read_duration(cap, out.cap, milliseconds{0});
  if (cap && out.cap > kLongestCap) {
    cap.problem("must be at most 30s: whom an upstream asks to wait longer is told so instead");
    out.cap = defaults.cap;
  }
  if ((base || cap) && out.base > out.cap) {
    (cap ? cap : base).problem("the base of the waits must not be longer than their cap");
    out.base = defaults.base;
    out.cap = defaults.cap;
  }
  read_bool(map.get("before_next"), out.before_next);
  read_whole(map.get("share"), out.share, 0, 100);
  read_whole(map.get("floor"), out.floor, 0, kHighestFloor);
  return out;
}

std::vector<Provider> read_providers(const YamlNode& node, Surroundings& around) {
  std::vector<Provider> out;
  UniqueNames names("provider");
  for (const auto& item : node.items()) {
    auto provider = read_provider(item, around);
    // Without a name nothing can refer to it; that problem is already told.
    if (provider.name.empty() || !names.take(item, provider.name.str())) continue;
    out.push_back(std::move(provider));
  }
  return out;
}

}  // namespace config
