#include "tests/support/exchange_file.h"

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace support {
namespace {

constexpr std::array<std::string_view, 9> kNames{
    "about",           "target",        "client request", "upstream request", "upstream answer",
    "upstream stream", "client answer", "client stream",  "client error"};
constexpr std::array<std::string_view, 2> kPlainNames{"usage", "dropped"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The text up to `end`, which is taken away as well.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

Section section_of(std::string_view title, std::size_t line) {
  Section section;
  constexpr std::string_view kEscaped = " escaped";
  if (title.ends_with(kEscaped)) {
    section.escaped = true;
    title.remove_suffix(kEscaped.size());
  }
  const auto try_name = [&](std::string_view name) {
    if (!title.starts_with(name)) return false;
    if (title.size() > name.size() && title[name.size()] != ' ') return false;
    section.name = name;
    section.argument = trimmed(title.substr(name.size()));
    return true;
  };
  for (const auto name : kNames) {
    if (try_name(name)) return section;
  }
  for (const auto name : kPlainNames) {
    if (try_name(name)) return section;
  }
  throw std::runtime_error(fmt::format("line {}: no section is called \"{}\"", line, title));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw std::runtime_error("\\x wants two hexadecimal digits");
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'x':
        if (i + 2 >= text.size()) throw std::runtime_error("\\x at the end of a section");
        out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
        i += 2;
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += '\n';
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

bool has_headers(std::string_view name) {
  return name.starts_with("upstream") || name == "client error";
}

// Takes the leading `> name: value` or `< name: value` lines out of the body.
void split_headers(Section& section) {
  const char mark = section.name == "upstream request" ? '>' : '<';
  std::string_view rest = section.body;
  while (rest.size() > 1 && rest[0] == mark && rest[1] == ' ') {
    auto line = take_until(rest, '\n').substr(2);
    const auto name = take_until(line, ':');
    section.headers.emplace_back(name, trimmed(line));
  }
  section.body = std::string(rest);
}

template <class T>
T number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error(fmt::format("\"{}\" is no whole number", text));
  }
  return value;
}

void set(bool& out, std::string_view text) {
  if (text != "true" && text != "false") throw std::runtime_error("a switch is true or false");
  out = text == "true";
}
void set(std::int64_t& out, std::string_view text) {
  out = number<std::int64_t>(text);
}
void set(config::Words& out, std::string_view text) {
  out.clear();
  while (!text.empty()) {
    const auto word = take_until(text, ' ');
    if (!word.empty()) out.emplace_back(word);
  }
}

template <class Enum>
void set_enum(Enum& out, std::string_view text,
              std::initializer_list<std::pair<std::string_view, Enum>> names) {
  for (const auto& [name, value] : names) {
    if (name == text) {
      out = value;
      return;
    }
  }
  throw std::runtime_error(fmt::format("\"{}\" is no value of this capability", text));
}
void set(config::SystemRole& out, std::string_view text) {
  using enum config::SystemRole;
  set_enum(out, text, {{"pass", pass}, {"fold_first", fold_first}, {"fold_next", fold_next}});
}
void set(config::ToolsStyle& out, std::string_view text) {
  using enum config::ToolsStyle;
  set_enum(out, text, {{"openai", openai}, {"flat", flat}});
}
void set(config::ToolResults& out, std::string_view text) {
  using enum config::ToolResults;
  set_enum(out, text,
           {{"tool_role", tool_role}, {"tool_output", tool_output}, {"user_text", user_text}});
}
void set(config::MediaStyle& out, std::string_view text) {
  using enum config::MediaStyle;
  set_enum(out, text, {{"object", object}, {"plain_text", plain_text}});
}
void set(config::StreamText& out, std::string_view text) {
  using enum config::StreamText;
  set_enum(out, text, {{"delta", delta}, {"cumulative", cumulative}, {"automatic", automatic}});
}

void set_capability(config::CapabilityOverrides& can, std::string_view name,
                    std::string_view text) {
#define TOLLGATE_SET(type, field, value, doc) \
  if (name == #field) {                       \
    type parsed = value;                      \
    set(parsed, text);                        \
    can.field = parsed;                       \
    return;                                   \
  }
  TOLLGATE_CAPABILITIES(TOLLGATE_SET)
#undef TOLLGATE_SET
  throw std::runtime_error(fmt::format("\"{}\" is no capability", name));
}

config::BaseUrl read_base_url(std::string_view url) {
  config::BaseUrl out;
  if (url.starts_with("http://")) {
    out.tls = false;
    out.port = 80;
    url.remove_prefix(7);
  } else if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else {
    throw std::runtime_error("a base_url begins with http:// or https://");
  }
  const auto slash = url.find('/');
  if (slash != std::string_view::npos) out.path = std::string(url.substr(slash));
  out.host_header = std::string(url.substr(0, slash));
  const auto colon = out.host_header.find(':');
  out.host = out.host_header.substr(0, colon);
  if (colon != std::string::npos) {
    out.port = number<std::uint16_t>(std::string_view(out.host_header).substr(colon + 1));
  }
  return out;
}

config::PicoUsdPerToken per_million(std::string_view text) {
  const auto price = config::usd_per_million(text);
  if (!price) throw std::runtime_error(fmt::format("\"{}\" is no price", text));
  return *price;
}

config::PicoUsd exact(std::string_view text) {
  const auto amount = config::exact_usd(text);
  if (!amount) throw std::runtime_error(fmt::format("\"{}\" is no amount", text));
  return *amount;
}

std::optional<config::Price> read_price(std::string_view text) {
  if (text == "unknown") return std::nullopt;
  config::Price price;
  while (!text.empty()) {
    auto value = take_until(text, ' ');
    if (value.empty()) continue;
    const auto name = take_until(value, '=');
    constexpr std::string_view kVariant = "per_request.";
    if (name == "input") {
      price.input = per_million(value);
    } else if (name == "output") {
      price.output = per_million(value);
    } else if (name == "cached_read") {
      price.cached_read = per_million(value);
    } else if (name == "reasoning") {
      price.reasoning = per_million(value);
    } else if (name == "per_request") {
      price.per_request = exact(value);
    } else if (name.starts_with(kVariant)) {
      price.per_request_variants[std::string(name.substr(kVariant.size()))] = exact(value);
    } else {
      throw std::runtime_error(fmt::format("\"{}\" is no part of a price here", name));
    }
  }
  return price;
}

void set_target_line(TargetUnderTest& out, std::string_view key, std::string_view value) {
  auto& target = out.target;
  if (key == "kind") {
    target.kind = value;
  } else if (key == "preset") {
    target.preset = value;
  } else if (key == "model") {
    target.model = value;
  } else if (key == "base_url") {
    target.base_url = read_base_url(value);
  } else if (key == "key") {
    target.api_key = config::Secret(value == "none" ? "" : std::string(value));
  } else if (key == "site_url") {
    target.site_url = value;
  } else if (key == "site_name") {
    target.site_name = value;
  } else if (key == "extra_header") {
    const auto name = take_until(value, ':');
    target.extra_headers.emplace_back(name, trimmed(value));
  } else if (key == "extra_body") {
    target.extra_body = value;
  } else if (key == "price") {
    target.price = read_price(value);
  } else if (key == "context") {
    target.context_length = number<std::int64_t>(value);
  } else if (key == "upstream_extras") {
    out.upstream_extras = value == "yes";
  } else if (key == "other_models") {
    set(out.other_models, value);
  } else if (key.starts_with("can ")) {
    set_capability(target.overrides, trimmed(key.substr(4)), value);
  } else {
    throw std::runtime_error(fmt::format("\"{}\" is no key of a target", key));
  }
}

}  // namespace

const Section* ExchangeFile::find(std::string_view name) const {
  for (const Section& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

ExchangeFile parse_exchange(std::string_view text) {
  ExchangeFile file;
  std::size_t line_number = 0;
  while (!text.empty()) {
    const auto line = take_until(text, '\n');
    ++line_number;
    if (line.starts_with("--- ")) {
      file.sections.push_back(section_of(line.substr(4), line_number));
    } else if (file.sections.empty()) {
      throw std::runtime_error("an exchange begins with a section line: --- about");
    } else {
      file.sections.back().body.append(line).append("\n");
    }
  }
  for (Section& section : file.sections) {
    if (!section.body.empty()) section.body.pop_back();
    if (has_headers(section.name)) split_headers(section);
    if (section.escaped) section.body = unescaped(section.body);
  }
  return file;
}

std::string to_text(const ExchangeFile& file) {
  std::string out;
  for (const Section& section : file.sections) {
    out += "--- " + section.name;
    if (!section.argument.empty()) out += " " + section.argument;
    if (section.escaped) out += " escaped";
    out += '\n';
    const std::string_view mark = section.name == "upstream request" ? "> " : "< ";
    for (const auto& [name, value] : section.headers) {
      out.append(mark).append(name).append(": ").append(value).append("\n");
    }
    const auto body = section.escaped ? escaped(section.body) : section.body;
    if (!body.empty()) out += body + "\n";
  }
  return out;
}

ExchangeFile read_exchange(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return parse_exchange(std::string(std::istreambuf_iterator<char>(in), {}));
}

TargetUnderTest read_target(const Section* section, std::string_view folder) {
  TargetUnderTest out;
  auto& target = out.target;
  target.kind = folder;
  target.model = "upstream-model";
  target.base_url = read_base_url("https://upstream.example/v1");
  target.api_key = config::Secret("<key>");
  target.price = read_price("input=0.10 output=0.20");
  std::string_view rest = section != nullptr ? std::string_view(section->body) : "";
  while (!rest.empty()) {
    auto value = take_until(rest, '\n');
    const auto key = take_until(value, ':');
    set_target_line(out, key, trimmed(value));
  }
  target.quoted_model = "\"" + target.model + "\"";
  target.provider = config::ProviderName(target.kind);
  target.name = config::TargetName(target.kind + "/" + target.model);
  return out;
}

}  // namespace support
