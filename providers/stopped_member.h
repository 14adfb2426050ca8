#pragma once
// How a chunk tells its client that we, and not the upstream, ended the answer.

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace providers {

// `,"tollgate":{"stopped":"budget"}`: an extension that clients of OpenAI's pass over.
inline std::string stopped_member(std::string_view why) {
  return fmt::format(R"(,"tollgate":{{"stopped":"{}"}})", why);
}

}  // namespace providers
