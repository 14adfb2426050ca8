#pragma once
// What a key's list of models may say: a model's name, or a beginning that ends in *; who may ask
// for a model may do so by each of its aliases. One rule for keys in the file and keys made while
// the gateway runs. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace config {

// What is wrong with an entry, to stand behind its path; empty: nothing.
std::string allow_list_fault(std::string_view entry, const std::vector<Model>& models);

}  // namespace config
