#pragma once
// One request as it arrived, byte for byte. Owned strings; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

using Fields = std::vector<std::pair<std::string, std::string>>;  // as spelled, in order

struct Received {
  std::uint64_t connection = 0;   // from 1
  int request_on_connection = 0;  // from 1
  std::string method;
  std::string target;
  Fields headers;
  std::string body;

  // First value of a field, any case; empty when absent.
  std::string_view header(std::string_view name) const;
  // Key of "Authorization: Bearer …"; empty when absent.
  std::string_view bearer() const;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);
bool contains_ignoring_case(std::string_view text, std::string_view part);

}  // namespace simulator
