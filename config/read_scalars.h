#pragma once
// Single values: each reader takes a node and the place the value goes. An absent
// node leaves the place as it was, a wrong one adds a problem and leaves it too.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/nearest.h"
#include "config/yaml_node.h"

namespace config {

// Text on one line: no control characters, not empty.
void read_line(const YamlNode& node, std::string& out);
// The same, but may be empty.
void read_line_or_nothing(const YamlNode& node, std::string& out);
// A list of texts, none empty; these may hold line ends (stop strings do).
void read_words(const YamlNode& node, std::vector<std::string>& out);

// true or false.
void read_bool(const YamlNode& node, bool& out);

// A whole number from `low` to `high`.
void read_whole(const YamlNode& node, std::int64_t& out, std::int64_t low, std::int64_t high);
void read_whole(const YamlNode& node, int& out, int low, int high);
void read_whole(const YamlNode& node, std::size_t& out, std::size_t low, std::size_t high);

// "512B", "16KiB", "32MiB", "1GiB".
void read_bytes(const YamlNode& node, std::size_t& out, std::size_t low, std::size_t high);

// "500ms", "10s", "2m", "1h"; at most a day.
void read_duration(const YamlNode& node, std::chrono::milliseconds& out,
                   std::chrono::milliseconds low = std::chrono::milliseconds{1});
// The same; "off" and "0": never, which is zero.
void read_duration_or_off(const YamlNode& node, std::chrono::milliseconds& out,
                          std::chrono::milliseconds low);

// One word out of a table; the problem lists them all.
void refuse_word(const YamlNode& node, const YamlText& text,
                 const std::vector<std::string_view>& words);

template <class T, std::size_t N>
void read_word(const YamlNode& node, T& out, const std::pair<std::string_view, T> (&table)[N]) {
  const auto text = node.text();
  if (!text) return;
  std::vector<std::string_view> words;
  for (const auto& [word, value] : table) {
    if (word == text->text) {
      out = value;
      return;
    }
    words.push_back(word);
  }
  refuse_word(node, *text, words);
}

}  // namespace config
