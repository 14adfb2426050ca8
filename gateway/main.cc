// tollgate: subcommands -> exit code. Each subcommand is one file in cli/.

#include <string>

#include <CLI/CLI.hpp>

#include "gateway/cli/commands.h"
#include "gateway/version.h"

int main(int argc, char** argv) {
  CLI::App cli(std::string("tollgate: ") + gateway::kDescription, "tollgate");
  cli.require_subcommand(1);
  cli.set_help_all_flag("--help-all", "Help for every subcommand");
  cli.footer(
      "Point any OpenAI client at http://HOST:PORT/v1 with one of the configured keys.\n"
      "The configuration reference is config/tollgate.example.yaml.");

  int exit_code = 0;
  gateway::cli::ServeOptions serve;
  auto* serve_command = cli.add_subcommand("serve", "Run the gateway until SIGTERM or SIGINT");
  serve_command->add_option("-c,--config", serve.config_path, "Configuration file")->required();
  serve_command->add_option("--port-file", serve.port_file,
                            "Write the ports in use here once listening: client=N, admin=N");
  serve_command->callback([&] { exit_code = gateway::cli::serve(serve); });

  std::string check_path;
  auto* check_command = cli.add_subcommand(
      "check", "Say everything that is wrong with a configuration, or what it is");
  check_command->add_option("-c,--config", check_path, "Configuration file")->required();
  check_command->callback([&] { exit_code = gateway::cli::check(check_path); });

  std::string models_path;
  auto* models_command = cli.add_subcommand(
      "models", "List what each configured provider offers now (asks them; costs nothing)");
  models_command->add_option("-c,--config", models_path, "Configuration file")->required();
  models_command->callback([&] { exit_code = gateway::cli::models(models_path); });

  auto* version_command =
      cli.add_subcommand("version", "Print the versions of tollgate and its libraries");
  version_command->callback([&] { exit_code = gateway::cli::version(); });

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help and errors itself; misuse of the command line exits with 2.
    return cli.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
