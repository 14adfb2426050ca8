#pragma once
// The subcommands: each runs to its end and returns the process's exit status. 0: done;
// 1: failed while running; 2: the configuration or the command line is wrong.

#include <string>
#include <vector>

namespace gateway::cli {

struct ServeOptions {
  std::string config_path;
  std::string port_file;  // empty: none
  bool take_over = false;
};

int serve(const ServeOptions& options);
int check(const std::string& config_path);
// Asks every provider that a target uses what it offers, and prints it.
int models(const std::string& config_path);
int version();

// Which ledger: by its own path, else by the configuration's.
struct LedgerOptions {
  std::string config_path;
  std::string database_path;
};

struct UsageOptions {
  LedgerOptions ledger;
  std::string by;  // dimensions, and a step among them
  std::string since;
  std::string until;
  std::string zone;
  std::vector<std::string> filters;
  bool compare_previous = false;
  std::string format;  // table, json or csv
};

struct ExplainOptions {
  std::string config_path;
  std::string model;      // may be empty where the body names one
  std::string key;        // its name
  std::string body_path;  // a chat request; empty: a short one
  std::string format;     // table or json
};

// Says what would become of a request, as x-tollgate-dry-run does, without asking anybody.
int explain(const ExplainOptions& options);

struct ChaosOptions {
  std::string config_path;
  std::vector<std::string> models;  // names of routes; empty: all
  std::string format;               // table or json
};

// Has every failure happen to the configuration's routes, with upstreams of its own in place of
// theirs, and prints what a client saw. 1: an error reached one though another target was left.
int drill(const ChaosOptions& options);

struct ReconcileOptions {
  std::string config_path;
  std::string since;
  std::string until;
  std::string provider;  // empty: all
  bool all = false;      // also what is reported already
  bool dry_run = false;
  std::string format;  // table, json or csv
};

// Asks providers for the receipts of what they answered, books what those say and prints it
// beside what is booked. 1: some could not be told.
int reconcile(const ReconcileOptions& options);

// Prints who spent what.
int usage(const UsageOptions& options);
// Says what is wrong with a ledger: 1 where anything is.
int ledger_verify(const LedgerOptions& options);
// Prints every record; `format`: csv or json.
int ledger_export(const LedgerOptions& options, const std::string& format);

}  // namespace gateway::cli
