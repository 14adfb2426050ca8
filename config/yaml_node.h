#pragma once
// A configuration file as its readers see it: values that know their path and
// line, so that every problem says where it is. Nothing throws; what is wrong is
// added to the Reading and the reader goes on, so that one run reports it all.
// Nodes are cheap to copy and live as long as the tree and the Reading.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/environment.h"
#include "config/problem.h"
#include "config/yaml_tree.h"

namespace config {

// Nobody mends more at a time, and a hostile file must not buy memory with faults.
inline constexpr std::size_t kMaxProblems = 200;

// What all nodes of one file share.
struct Reading {
  std::string file;
  const Environment& environment;
  std::vector<Problem>& problems;
  std::set<std::string>* asked_keys = nullptr;  // "providers[].name": every key a reader asked for
  std::set<std::string> hidden{};  // values that came from the environment, in_quotes()

  bool full() const { return problems.size() >= kMaxProblems; }
};

struct YamlText {
  std::string text;
  bool quoted = false;
  bool from_environment = false;
};

// For messages: the text in quotes, but never what came from the environment.
std::string shown(const YamlText& text);

class YamlNode {
 public:
  YamlNode() = default;  // absent
  YamlNode(Reading& reading, const YamlValue& value, int line, std::string path)
      : reading_(&reading), value_(&value), line_(line), path_(std::move(path)) {}

  // Whether the key is written at all, be it without a value.
  explicit operator bool() const { return value_ != nullptr; }

  int line() const { return line_; }
  const std::string& path() const { return path_; }
  bool is_scalar() const { return value_ && value_->kind == YamlValue::Kind::scalar; }
  bool is_map() const { return value_ && value_->kind == YamlValue::Kind::map; }
  bool is_list() const { return value_ && value_->kind == YamlValue::Kind::list; }
  bool is_null() const { return value_ && value_->kind == YamlValue::Kind::null; }

  // Adds a problem that stands at this node, which must be present. What it quotes is not
  // shown where it came from the environment: a secret may have been put there by mistake.
  void problem(std::string message) const;

  // The scalar with ${…} expanded; nullopt where absent, or with a problem where it
  // is no scalar, has no value or does not expand. The text may hold anything.
  std::optional<YamlText> text() const;

  // Its items; none where absent or without a value, a problem where it is no list.
  std::vector<YamlNode> items() const;

 private:
  friend class YamlMap;

  Reading* reading_ = nullptr;
  const YamlValue* value_ = nullptr;
  int line_ = 0;
  std::string path_;
};

// A map while it is read: keys are asked for one by one, and whatever was never
// asked for is reported, with the nearest known key, when the reader is done.
class YamlMap {
 public:
  // Absent and empty nodes read as a map without keys; anything else that is no
  // map is a problem. So is a key written twice.
  explicit YamlMap(YamlNode node);
  ~YamlMap();
  YamlMap(const YamlMap&) = delete;
  YamlMap& operator=(const YamlMap&) = delete;

  const YamlNode& node() const { return node_; }

  // Absent where the key is not written.
  YamlNode get(std::string_view key);
  // The same, but a problem where the key is not written.
  YamlNode require(std::string_view key);
  // Every key with its value, for maps whose keys are the operator's words.
  std::vector<std::pair<std::string, YamlNode>> entries();

 private:
  const YamlEntry* find(std::string_view key) const;
  YamlNode child(const YamlEntry& entry) const;

  YamlNode node_;
  const std::vector<YamlEntry>* entries_ = nullptr;  // null: nothing to read
  std::vector<std::string_view> known_;
  bool any_key_ = false;
};

}  // namespace config
