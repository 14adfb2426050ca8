#pragma once
// JSON text from configuration: quoted names, and YAML values spelled as JSON.

#include <string>
#include <string_view>

#include "config/yaml_node.h"

namespace config {

// As a JSON string, quotes included.
std::string json_string(std::string_view text);

// The members of a map as JSON, without the braces around them: `"k":1,"l":"x"`.
// Plain words that are JSON literals or numbers stay what they are, all else is a
// string. Problems where it is no map, or a key is written twice.
std::string json_members(const YamlNode& node);

}  // namespace config
