#pragma once
// What a drill found, as a table or as JSON. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/base/money.h"
#include "gateway/cli/chaos/ask.h"
#include "gateway/cli/chaos/plan.h"

namespace gateway::cli::chaos {

// A trial, and what the drill's ledger has of it.
struct Finding {
  Trial trial;
  Seen seen;
  std::string answered;  // target that did; empty: none
  int attempts = 0;
  std::optional<config::PicoUsd> cost;  // of all attempts; nullopt: not known
};

enum class Verdict : std::uint8_t {
  survived,     // the client got its answer
  nobody_else,  // it got an honest error, since no other target was there
  told,         // it got an honest error behind what it had: nobody goes on from there
  lost,         // it got an error though another target was there
  dishonest,    // it got what is no answer, and no error either
};
std::string_view to_string(Verdict verdict);
Verdict verdict_of(const Finding& finding);
// Whether it is something to mend.
bool is_bad(Verdict verdict);

std::string table_of(const std::vector<Finding>& findings);
std::string json_of(const std::vector<Finding>& findings);
// One line for each that is bad.
std::string complaints_of(const std::vector<Finding>& findings);

}  // namespace gateway::cli::chaos
