#pragma once
// ${NAME} and ${NAME:-default} in configuration values. Pure but for
// process_environment(), which reads the process's own; call it before threads
// start that change it.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace config {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

struct Expanded {
  std::string text;
  bool from_environment = false;  // then the text may be a secret: it is never shown
};

struct NotExpanded {
  std::string why;
};

// The default stands in where the variable is unset or empty, as in a shell.
// "$${" is a literal "${". Nothing nests.
std::variant<Expanded, NotExpanded> expand(std::string_view text, const Environment& environment);

}  // namespace config
