#pragma once
// What a request told of its targets (x-tollgate-explain), as lines that a test compares.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/e2e/gateway_fixture.h"

namespace e2e {

// What the one comment of a stream holds.
inline js::value told_in(std::string_view stream) {
  constexpr std::string_view kMark = ": tollgate ";
  const auto begin = stream.find(kMark);
  EXPECT_NE(begin, std::string_view::npos) << stream;
  if (begin == std::string_view::npos) return {};
  EXPECT_EQ(stream.find(kMark, begin + 1), std::string_view::npos) << "told once";
  const auto text = stream.substr(begin + kMark.size());
  auto value = simulator::parse_json(text.substr(0, text.find('\n')));
  EXPECT_TRUE(value) << text;
  return value ? value->at("explain") : js::value();
}

// "onprem/mock/* failed upstream_unavailable body": of each target.
inline std::vector<std::string> story_of(const js::value& told) {
  if (!told.is_object()) return {"nothing is told"};
  std::vector<std::string> out;
  for (const auto& target : told.at("targets").as_array()) {
    const auto& object = target.as_object();
    std::string line(simulator::text_of(object, "target"));
    for (const char* name : {"outcome", "why", "code", "in"}) {
      const auto word = simulator::text_of(object, name);
      if (!word.empty()) line += " " + std::string(word);
    }
    out.push_back(line);
  }
  return out;
}

}  // namespace e2e
