#pragma once
// Comma-separated values as RFC 4180 has them, but lines end in \n. Pure.

#include <span>
#include <string>

namespace gateway {

std::string csv_line(std::span<const std::string> fields);

}  // namespace gateway
