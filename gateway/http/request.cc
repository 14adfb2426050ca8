#include "gateway/http/request.h"

#include <algorithm>
#include <charconv>

#include "gateway/http/head_rules.h"

namespace gateway::http {

namespace {

constexpr std::size_t kMaxClientRequestId = 128;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// One `name=value` behind a media type: only a charset that is UTF-8 changes nothing.
bool harmless_parameter(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  std::string_view value = parameter.substr(std::min(equals, parameter.size() - 1) + 1);
  if (!equal_ignoring_case(parameter.substr(0, equals), "charset")) return true;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return equal_ignoring_case(value, "utf-8");
}

bool is_json(std::string_view content_type) {
  std::size_t end = content_type.find(';');
  if (!equal_ignoring_case(trimmed(content_type.substr(0, end)), "application/json")) return false;
  while (end != std::string_view::npos) {
    content_type.remove_prefix(end + 1);
    end = content_type.find(';');
    const std::string_view parameter = trimmed(content_type.substr(0, end));
    if (!parameter.empty() && !harmless_parameter(parameter)) return false;
  }
  return true;
}

}  // namespace

std::string_view Request::find(std::string_view name) const {
  return find_field(fields, name);
}

std::string_view Request::client_request_id() const {
  const std::string_view theirs = find("x-request-id");
  return theirs.size() <= kMaxClientRequestId && is_token(theirs) ? theirs : std::string_view{};
}

config::Result<void> require_json(const Request& request) {
  const std::string_view content_type = request.find("content-type");
  if (content_type.empty() || is_json(content_type)) return {};
  return config::failure(config::ErrorCode::unsupported_media_type,
                         "Send the body as Content-Type: application/json, in UTF-8.");
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text.size() - i < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc{} || end != digits + 2 || byte < 0x20 || byte == 0x7f) {
      return std::nullopt;
    }
    decoded.push_back(static_cast<char>(byte));
    i += 2;
  }
  return decoded;
}

}  // namespace gateway::http
