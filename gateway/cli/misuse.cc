#include "gateway/cli/misuse.h"

#include <cstdio>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/nearest.h"

namespace gateway::cli {
namespace {

// The names of its options, or of its commands.
std::vector<std::string> known_to(const CLI::App& command, bool options) {
  std::vector<std::string> names;
  if (!options) {
    for (const CLI::App* each : command.get_subcommands({})) names.push_back(each->get_name());
    return names;
  }
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  // A group's options are of the command that has the group.
  for (const CLI::App* group : command.get_subcommands({})) {
    if (!group->get_name().empty()) continue;
    for (std::string& name : known_to(*group, true)) names.push_back(std::move(name));
  }
  return names;
}

std::string called(const CLI::App& command) {
  const CLI::App* outer = command.get_parent();
  return (outer == nullptr ? "" : called(*outer) + ' ') + command.get_name();
}

}  // namespace

std::string not_understood(const CLI::App& cli) {
  for (const CLI::App* command : cli.get_subcommands()) {
    if (std::string inner = not_understood(*command); !inner.empty()) return inner;
  }
  const std::vector<std::string> words = cli.remaining();
  if (words.empty()) return {};
  const std::string_view word = std::string_view(words.front()).substr(0, words.front().find('='));
  const bool is_option = word.starts_with('-');
  const std::vector<std::string> names = known_to(cli, is_option);
  const std::string nearest = config::did_you_mean(word, {names.begin(), names.end()});
  return fmt::format("{} is not {} {}{}", config::in_quotes(word),
                     is_option ? "an option of" : "known to", config::in_quotes(called(cli)),
                     nearest);
}

int tell(const CLI::App& cli, const CLI::ParseError& error) {
  const std::string word = error.get_exit_code() == 0 ? std::string() : not_understood(cli);
  // CLI11 prints help and its own errors itself.
  if (word.empty()) return cli.exit(error) == 0 ? 0 : 2;
  fmt::print(stderr, "{}\nRun with --help for more information.\n", word);
  return 2;
}

}  // namespace gateway::cli
