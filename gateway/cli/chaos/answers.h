#pragma once
// What the drill's upstream says when it answers: always the same words, in the shape that the
// asked path has. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace gateway::cli::chaos {

inline constexpr std::string_view kWords = "Counting: one two three four five six seven eight";

struct Question {
  std::string path;  // whose end says the shape
  std::string body;

  bool streamed() const;
  // The words that stand in the question already, for an answer that is to go on from there.
  std::string_view said() const;
};

std::string whole_answer(const Question& question);
// Events, each with its empty line, one per word and then the ending.
std::vector<std::string> streamed_answer(const Question& question);
// An event that is an error.
std::string_view failing_event();

}  // namespace gateway::cli::chaos
