// tollgate: subcommands -> exit code. Each subcommand is one file in cli/.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "gateway/cli/commands.h"
#include "gateway/cli/keys_command.h"
#include "gateway/cli/misuse.h"
#include "gateway/version.h"

namespace {

void add_ledger_options(CLI::App& command, gateway::cli::LedgerOptions& ledger) {
  auto* which = command.add_option_group("which ledger");
  which->add_option("-c,--config", ledger.config_path, "Configuration file that names it");
  which->add_option("--ledger", ledger.database_path, "The database itself");
  which->require_option(1);
}

void add_config(CLI::App& command, std::string& path) {
  command.add_option("-c,--config", path, "Configuration file")->required();
}

void add_time(CLI::App& command, std::string& since, std::string& until) {
  command.add_option("--since", since, "A day or a time; 30 days unless given");
  command.add_option("--until", until, "The same, exclusive; the end of today");
}

void add_format(CLI::App& command, std::string& format, const std::vector<std::string>& known) {
  command.add_option("--format", format, "How to print it")
      ->default_val("table")
      ->check(CLI::IsMember(known));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(std::string("tollgate: ") + gateway::kDescription, "tollgate");
  cli.require_subcommand(1);
  cli.set_help_all_flag("--help-all", "Help for every subcommand");
  cli.footer(
      "Point any OpenAI client at http://HOST:PORT/v1 with one of the configured keys.\n"
      "The configuration reference is config/tollgate.example.yaml.");

  int exit_code = 0;
  gateway::cli::ServeOptions serve;
  auto* serve_command = cli.add_subcommand(
      "serve", "Run the gateway until SIGTERM, which lets requests end, or SIGINT");
  add_config(*serve_command, serve.config_path);
  serve_command->add_option("--port-file", serve.port_file,
                            "Write the ports in use here once listening: client=N, admin=N");
  serve_command->add_flag("--take-over", serve.take_over,
                          "Take the place of the gateway that runs on the same ledger, which "
                          "then ends; nobody's connection is lost");
  serve_command->callback([&] { exit_code = gateway::cli::serve(serve); });

  std::string check_path;
  auto* check_command = cli.add_subcommand(
      "check", "Say everything that is wrong with a configuration, or what it is");
  add_config(*check_command, check_path);
  check_command->callback([&] { exit_code = gateway::cli::check(check_path); });

  gateway::cli::add_keys_command(cli, exit_code);

  std::string models_path;
  auto* models_command = cli.add_subcommand(
      "models", "List what each configured provider offers now (asks them; costs nothing)");
  add_config(*models_command, models_path);
  models_command->callback([&] { exit_code = gateway::cli::models(models_path); });

  gateway::cli::UsageOptions usage;
  auto* usage_command = cli.add_subcommand("usage", "Tell who spent what");
  add_ledger_options(*usage_command, usage.ledger);
  usage_command
      ->add_option("--by", usage.by,
                   "Any of key,team,model,provider,target,tag and one of "
                   "hour,day,week,month")
      ->default_val("team");
  add_time(*usage_command, usage.since, usage.until);
  usage_command->add_option("--zone", usage.zone, "Whose days, as Europe/Berlin; UTC");
  usage_command->add_option("--filter", usage.filters, "As team:Research; several are possible");
  usage_command->add_flag("--compare", usage.compare_previous, "Beside the time before (json)");
  add_format(*usage_command, usage.format, {"table", "json", "csv"});
  usage_command->callback([&] { exit_code = gateway::cli::usage(usage); });

  gateway::cli::ExplainOptions explain;
  auto* explain_command = cli.add_subcommand("explain",
                                             "Say who would answer a request, why, and what it "
                                             "would cost (asks nobody); 1 if nobody would");
  add_config(*explain_command, explain.config_path);
  auto* model_option =
      explain_command->add_option("--model", explain.model, "As a client names it");
  explain_command->add_option("--key", explain.key, "Whose request: a key's name, not the key");
  explain_command->add_option("--body", explain.body_path, "A file with the request")
      ->check(CLI::ExistingFile);
  add_format(*explain_command, explain.format, {"table", "json"});
  explain_command->callback([&, model_option] {
    if (model_option->empty() && explain.body_path.empty()) {
      throw CLI::RequiredError("--model or --body");
    }
    exit_code = gateway::cli::explain(explain);
  });

  gateway::cli::ChaosOptions chaos;
  auto* chaos_command = cli.add_subcommand(
      "chaos",
      "Have every failure happen to the routes of a configuration, with simulated upstreams in "
      "place of theirs, and print what a client sees; 1 if an error reaches one though another "
      "target was left");
  add_config(*chaos_command, chaos.config_path);
  chaos_command->add_option("--model", chaos.models, "This route alone; several are possible");
  add_format(*chaos_command, chaos.format, {"table", "json"});
  chaos_command->callback([&] { exit_code = gateway::cli::drill(chaos); });

  gateway::cli::ReconcileOptions reconcile;
  auto* reconcile_command = cli.add_subcommand(
      "reconcile", "Ask providers for receipts and book what they say (costs nothing)");
  add_config(*reconcile_command, reconcile.config_path);
  add_time(*reconcile_command, reconcile.since, reconcile.until);
  reconcile_command->add_option("--provider", reconcile.provider, "This one alone");
  reconcile_command->add_flag("--all", reconcile.all, "Also attempts whose cost is known");
  reconcile_command->add_flag("--dry-run", reconcile.dry_run, "Book nothing");
  add_format(*reconcile_command, reconcile.format, {"table", "json", "csv"});
  reconcile_command->callback([&] { exit_code = gateway::cli::reconcile(reconcile); });

  auto* ledger_command = cli.add_subcommand("ledger", "Look into the ledger itself");
  ledger_command->require_subcommand(1);
  gateway::cli::LedgerOptions ledger;
  auto* verify_command = ledger_command->add_subcommand(
      "verify", "Check every record's hash and place, and every sum; 1 if anything is wrong");
  add_ledger_options(*verify_command, ledger);
  verify_command->callback([&] { exit_code = gateway::cli::ledger_verify(ledger); });
  std::string export_format;
  auto* export_command = ledger_command->add_subcommand("export", "Print every record");
  add_ledger_options(*export_command, ledger);
  export_command->add_option("--format", export_format, "csv, or json: one object per line")
      ->default_val("csv")
      ->check(CLI::IsMember({"csv", "json"}));
  export_command->callback([&] { exit_code = gateway::cli::ledger_export(ledger, export_format); });

  auto* version_command =
      cli.add_subcommand("version", "Print the versions of tollgate and its libraries");
  version_command->callback([&] { exit_code = gateway::cli::version(); });

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return gateway::cli::tell(cli, error);
  }
  return exit_code;
}
