#include "gateway/cli/keys_command.h"

#include <cstdint>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "gateway/cli/keys.h"

namespace gateway::cli {
namespace {

using Run = int (*)(const KeysOptions& options);
using Options = std::shared_ptr<KeysOptions>;  // shared by the parser's callbacks

CLI::App& add(CLI::App& keys, const Options& options, int& exit_code, const char* name,
              const char* about, Run run) {
  CLI::App& command = *keys.add_subcommand(name, about);
  command.add_option("-c,--config", options->config_path, "Configuration file")->required();
  command.add_flag("--json", options->json, "Print the answer as JSON");
  command.callback([options, run, &exit_code] { exit_code = run(*options); });
  return command;
}

void add_key(CLI::App& command, const Options& options) {
  command.add_option("key", options->key, "The key's name or id")->required();
}

void add_settings(CLI::App& command, const Options& options) {
  command.add_option("--team", options->team, "Who pays");
  command.add_option("--owner", options->owner, "Who has it");
  command.add_option(
      "--tag", options->tags,
      "A label of each of its requests: project=x, or a name alone; several times; none");
  command.add_option(
      "--model", options->models,
      "A model it may use, or a beginning ending in *; several times; *: every model");
  command.add_option("--rpm", options->requests_per_minute, "Requests per minute; 0: no limit");
  command.add_option("--tpm", options->tokens_per_minute, "Tokens per minute");
  command.add_option("--concurrent", options->concurrent, "Requests at once");
  command.add_option("--budget", options->budgets,
                     "USD per hour, day, week, month or total: 100/month, 5/day@Europe/Berlin; "
                     "several times; none");
  command.add_option("--not-before", options->not_before,
                     "Good from this moment on, or this long from now: 2026-12-01T00:00:00Z, 2h");
  command.add_option("--expires", options->expires, "Good until: 2026-12-01T00:00:00Z, 30d, never");
  command.add_flag_function(
      "--allow-upstream-extras,!--no-upstream-extras",
      [options](std::int64_t count) { options->allow_upstream_extras = count > 0; },
      "May use plugins and server tools that cost extra");
  command.add_flag_function(
      "--allow-routing-override,!--no-routing-override",
      [options](std::int64_t count) { options->allow_routing_override = count > 0; },
      "May say by header who answers a request (x-tollgate-order, x-tollgate-target)");
}

}  // namespace

void add_keys_command(CLI::App& cli, int& exit_code) {
  CLI::App& keys = *cli.add_subcommand(
      "keys", "Make and manage virtual keys, with a gateway running or without one");
  keys.require_subcommand(1);
  const auto options = std::make_shared<KeysOptions>();

  CLI::App& create = add(keys, options, exit_code, "create",
                         "Make a key; it is shown once, alone on the last line", &create_key);
  create.add_option("name", options->key, "What records and reports call it")->required();
  add_settings(create, options);

  add(keys, options, exit_code, "list", "List all keys", &list_keys);
  add_key(add(keys, options, exit_code, "show", "Show one key", &show_key), options);
  CLI::App& set = add(keys, options, exit_code, "set",
                      "Change what is given of a key, and nothing else", &set_key);
  add_key(set, options);
  add_settings(set, options);
  CLI::App& rotate = add(keys, options, exit_code, "rotate",
                         "Replace a key's secret; the old one stays good for a while", &rotate_key);
  add_key(rotate, options);
  rotate.add_option("--overlap", options->overlap, "How long the old secret stays good: 1h, 7d, 0")
      ->capture_default_str();
  add_key(add(keys, options, exit_code, "disable", "Switch a key off at once", &disable_key),
          options);
  add_key(add(keys, options, exit_code, "enable", "Switch a key on again", &enable_key), options);
  add_key(add(keys, options, exit_code, "delete", "Delete a key; its records stay", &delete_key),
          options);
  add(keys, options, exit_code, "audit", "Say who did what to which key, the newest first",
      &show_audit)
      .add_option("--limit", options->entries, "How many entries")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

}  // namespace gateway::cli
