#pragma once
// A file becomes a Config, or every problem in it at once, each with file, line
// and path. Reads the price files it names (relative to itself) and expands
// ${NAME} and ${NAME:-default} in values from `environment`. Pure but for reading
// those files; called at start, by `tollgate check`, and at reload.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "config/problem.h"

namespace config {

// A file that a configuration was read from.
struct SourceFile {
  std::string path;
  std::optional<Sha256> content;  // nullopt: it holds a secret, or could not be read

  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

// `kinds`: what `kind:` may say; the provider list, handed down so that config
// knows no provider.
struct LoadOptions {
  std::vector<std::string_view> kinds;
  Environment environment = process_environment();
  // What is wrong with a finished target (a preset its kind does not know), or an
  // empty text; handed down for the same reason. None: nothing is asked.
  std::function<std::string(const Target& target)> check_target;
  // What is wrong with a provider's `probe`: a question that its kind does not have.
  std::function<std::string(const Provider& provider)> check_probe;
  // Looks into a door's certificate and key, for the same reason: `problem` (empty: they can
  // be used) and what should be mended all the same.
  struct CertificateVerdict {
    std::string problem;
    std::string warning;
  };
  std::function<CertificateVerdict(const DoorTls& tls)> check_certificate;
  // Where to put what works but should be mended; null: nowhere.
  std::vector<Problem>* warnings = nullptr;
  // Where to put the files that were looked at, the configuration's own first; null: nowhere.
  std::vector<SourceFile>* files = nullptr;
  // Where to put every key a reader asked for ("providers[].name"), so that a test
  // can hold them against the reference; null: nowhere.
  std::set<std::string>* asked_keys = nullptr;
};

std::variant<Config, std::vector<Problem>> load(const std::string& path,
                                                const LoadOptions& options);
// The same from text; `path` names it in problems and anchors relative files.
std::variant<Config, std::vector<Problem>> load_text(const std::string& text,
                                                     const std::string& path,
                                                     const LoadOptions& options);

}  // namespace config
