#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

void read_endpoint(const YamlNode& node, Endpoint& out) {
  const auto text = node.text();
  if (!text) return;
  auto endpoint = parse_endpoint(text->text);
  if (!endpoint) {
    return node.problem(fmt::format(
        "must be an address and a port, like 127.0.0.1:8080 or [::1]:8080, not {}", shown(*text)));
  }
  out = *std::move(endpoint);
}

void read_workers(const YamlNode& node, int& out) {
  constexpr int kMost = 1024;
  const auto text = node.is_scalar() ? node.text() : std::nullopt;
  if (text && text->text == "auto") {
    out = 0;
    return;
  }
  read_whole(node, out, 1, kMost);
}

}  // namespace

Server read_server(const YamlNode& node, const Surroundings& around) {
  Server out;
  YamlMap map(node);
  read_endpoint(map.get("listen"), out.listen);
  read_workers(map.get("workers"), out.workers);
  read_whole(map.get("max_connections"), out.max_connections, 1, 1'000'000);
  read_bytes(map.get("max_head_bytes"), out.max_head_bytes, kKiB, kMiB);
  read_bytes(map.get("max_body_bytes"), out.max_body_bytes, kKiB, 1024 * kMiB);
  read_whole(map.get("max_requests_in_flight"), out.max_requests_in_flight, 0, 1'000'000);
  const auto max_buffered_bytes = map.get("max_buffered_bytes");
  read_bytes(max_buffered_bytes, out.max_buffered_bytes, kKiB, 1024 * 1024 * kMiB);
  if (out.max_buffered_bytes < out.max_body_bytes) {
    max_buffered_bytes.problem(
        "is less than max_body_bytes: the largest of bodies could never come in");
  }
  read_duration(map.get("head_timeout"), out.head_timeout);
  read_duration(map.get("body_timeout"), out.body_timeout);
  read_duration(map.get("idle_timeout"), out.idle_timeout);
  read_duration(map.get("write_timeout"), out.write_timeout);
  read_duration(map.get("sign_of_life"), out.sign_of_life);
  read_duration(map.get("drain_timeout"), out.drain_timeout, milliseconds{0});
  read_duration(map.get("deadline"), out.deadline, kShortestDeadline);
  out.tls = read_door_tls(map.get("tls"), around);
  return out;
}

Admin read_admin(const YamlNode& node, const Surroundings& around) {
  Admin out;
  YamlMap map(node);
  const auto listen = map.get("listen");
  read_endpoint(listen, out.listen);
  const auto token_file = map.get("token_file");
  read_line(token_file, out.token_file);
  out.token_file = around.path_of(out.token_file);
  const auto viewer_token_file = map.get("viewer_token_file");
  read_line_or_nothing(viewer_token_file, out.viewer_token_file);
  if (!out.viewer_token_file.empty()) {
    out.viewer_token_file = around.path_of(out.viewer_token_file);
    if (out.viewer_token_file == out.token_file) {
      viewer_token_file.problem("is the same file as token_file: viewers could do everything");
    }
  }
  out.tls = read_door_tls(map.get("tls"), around);
  // Whoever opens the door to others is made to say by whose leave.
  if (!is_loopback(out.listen.host) && !token_file) {
    listen.problem(
        "is beyond this machine, which needs admin.token_file: who has the token in that file may "
        "make and delete keys");
  }
  return out;
}

Log read_log(const YamlNode& node, const Surroundings& around) {
  static constexpr std::pair<std::string_view, std::string_view> kLevels[] = {{"trace", "trace"},
                                                                              {"debug", "debug"},
                                                                              {"info", "info"},
                                                                              {"warn", "warn"},
                                                                              {"error", "error"}};
  static constexpr std::pair<std::string_view, LogFormat> kFormats[] = {{"json", LogFormat::json},
                                                                        {"text", LogFormat::text}};
  Log out;
  YamlMap map(node);
  std::string_view level = out.level;
  read_word(map.get("level"), level, kLevels);
  out.level = std::string(level);
  read_word(map.get("format"), out.format, kFormats);
  read_line_or_nothing(map.get("file"), out.file);
  if (!out.file.empty()) out.file = around.path_of(out.file);
  return out;
}

}  // namespace config
