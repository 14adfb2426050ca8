#pragma once
// What an upstream can do wrong, as `tollgate chaos` has it done: one table, for the upstream that
// does it and for the report. Constant data.

#include <cstdint>
#include <span>
#include <string_view>

namespace gateway::cli::chaos {

enum class Manner : std::uint8_t {
  answers,       // nothing is wrong
  nobody_there,  // a port where nobody listens
  no_such_name,  // a host that no resolver knows
  no_tls,        // what is to be TLS is none
  resets,        // before a byte
  silent,        // reads the request, and that was it
  says,          // `status` and `body`, whatever was asked
  breaks_off,    // in the middle of a whole answer
  // Streams.
  head_then_closes,
  head_then_ends,  // in order, and without content
  error_first,
  // After some content.
  cut,     // a reset
  stalls,  // nothing more comes
  errs,    // an event that is an error
  ends,    // in order, but unfinished
};

struct Failure {
  std::string_view name;  // in addresses and JSON
  std::string_view told;
  Manner manner;
  int status = 0;
  std::string_view body = {};
};

constexpr bool for_streams_only(Manner manner) {
  return manner >= Manner::head_then_closes;
}
constexpr bool for_whole_only(Manner manner) {
  return manner == Manner::breaks_off;
}
constexpr bool after_content(Manner manner) {
  return manner >= Manner::cut;
}
// What the client waits for is one of the target's time limits.
constexpr bool takes_the_limit(Manner manner) {
  return manner == Manner::silent || manner == Manner::stalls;
}

std::span<const Failure> failures();
// Of that name; nullptr: there is none, and the upstream answers.
const Failure* find_failure(std::string_view name);

}  // namespace gateway::cli::chaos
