#pragma once
// YAML text becomes a small tree of ours, with the line of every value. Bounded:
// size, depth and what aliases multiply are capped, so that a hostile file costs
// no more than an honest one. Values are immutable; aliases share them.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace config {

inline constexpr std::size_t kMaxYamlBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kMaxYamlValues = 500'000;  // aliases counted each time they are used
inline constexpr std::size_t kMaxYamlDepth = 64;

struct YamlValue;
using YamlPointer = std::shared_ptr<const YamlValue>;

struct YamlEntry {
  std::string key;
  int line = 0;
  YamlPointer value;
};

struct YamlValue {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  bool quoted = false;  // a scalar in quotes or a block: text, whatever it looks like
  int line = 0;         // from 1
  std::string text;     // of a scalar
  std::vector<YamlPointer> items;
  std::vector<YamlEntry> entries;  // in the file's order, duplicates included
};

struct YamlFault {
  int line = 0;
  std::string message;
};

// Reads exactly one document. Never throws.
std::variant<YamlPointer, YamlFault> parse_yaml(std::string_view text);

}  // namespace config
