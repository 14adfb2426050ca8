#include <algorithm>

#include "config/sections.h"
#include "config/text_file.h"

namespace config {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

// What documentation, tutorials and other gateways' examples use: anyone would try
// these first.
constexpr std::string_view kWellKnown[] = {
    "",          "1234",      "12345",     "123456",      "12345678",     "123456789",
    "admin",     "change-me", "change_me", "changeme",    "default",      "demo",
    "example",   "key",       "letmein",   "master",      "password",     "root",
    "secret",    "sk-12345",  "sk-123456", "sk-1234",     "sk-changeme",  "sk-demo",
    "sk-master", "sk-proxy",  "sk-test",   "sk-tollgate", "sk-xxx",       "sk-your-key",
    "test",      "todo",      "token",     "tollgate",    "your-api-key", "your_api_key",
    "your-key",  "your_key",  "<key>",     "<token>",     "<api-key>",    "<your-api-key>",
    "xxx",
};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

void trim_line_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
}

}  // namespace

bool is_well_known_secret(std::string_view text) {
  return std::find(std::begin(kWellKnown), std::end(kWellKnown), lowered(text)) !=
         std::end(kWellKnown);
}

bool is_digest_of_well_known_secret(const Sha256& digest) {
  return std::any_of(std::begin(kWellKnown), std::end(kWellKnown),
                     [&](std::string_view secret) { return sha256(secret) == digest; });
}

void read_secret(const YamlNode& node, Secret& out, Surroundings& around) {
  auto text = node.text();
  if (!text) return;
  constexpr std::string_view kFile = "file:";
  if (text->text.starts_with(kFile)) {
    const auto path = around.path_of(text->text.substr(kFile.size()));
    auto file = around.read_secret(path, kMaxSecretBytes);
    if (auto* fault = std::get_if<FileFault>(&file)) {
      return node.problem("the file it names " + fault->why);
    }
    auto& read = std::get<FileText>(file);
    if (read.others_may_read && around.options.warnings) {
      around.options.warnings->push_back({path, 0, "",
                                          "is a secret that everyone on this machine may read; "
                                          "chmod 600 it"});
    }
    text->text = std::move(read.text);
    trim_line_end(text->text);
  } else if (!text->from_environment) {
    around.plain_secrets.push_back(node);
  }
  if (text->text.empty()) return node.problem("is an empty secret");
  // It travels in a header: anything else would split or spoil the request.
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(text->text.begin(), text->text.end(), visible)) {
    return node.problem("holds a blank or a character that no header can carry");
  }
  out = Secret(std::move(text->text));
}

}  // namespace config
