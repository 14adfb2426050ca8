#pragma once
// What is said to somebody who typed a command wrong: which word was not understood comes before
// what is missing, since the one is usually why the other seems so.

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace gateway::cli {

// One line that names the word, the command and the nearest word known there; empty where every
// word was understood, and what `error` says is all there is to say.
std::string not_understood(const CLI::App& cli);

// Prints help that was asked for, or what was wrong; the exit status: 0 or 2.
int tell(const CLI::App& cli, const CLI::ParseError& error);

}  // namespace gateway::cli
