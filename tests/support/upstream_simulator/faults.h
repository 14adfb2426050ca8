#pragma once
// The faults asked of one answer, read from a model's name, a path or /_control.
// Value type; any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_simulator/fault_table.h"

namespace simulator {

class Faults {
 public:
  // Adds one by name. False when the table has no such name.
  bool add(std::string_view name);
  void add_all(const Faults& more);

  bool has(std::size_t row) const;
  // The digits in the name; nothing when the fault was not asked for.
  std::optional<std::uint64_t> number(std::size_t row) const;
  // The text in the name, for <name>.
  std::optional<std::string_view> argument(std::size_t row) const;
  bool empty() const { return chosen_.empty(); }
  std::vector<std::string> names() const;

 private:
  struct Chosen {
    std::size_t row;
    std::uint64_t number;
    std::string argument;
    std::string name;
  };
  const Chosen* find(std::size_t row) const;

  std::vector<Chosen> chosen_;
};

// "rekaai/reka-edge+slow-20ms,usage-none" is the model "rekaai/reka-edge" and two fault
// names; "mock/garbage" is the model "mock" and one. Views into `name`.
struct ModelName {
  std::string_view base;
  std::vector<std::string_view> faults;
};
ModelName split_model(std::string_view name);

// "a,b" or "a+b" → names.
std::vector<std::string_view> split_names(std::string_view list);

}  // namespace simulator
