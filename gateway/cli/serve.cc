#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sys/resource.h>
#include <system_error>

#include <fmt/format.h>

#include "gateway/app.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/doors.h"
#include "gateway/handover.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/log.h"
#include "gateway/random.h"

namespace gateway::cli {
namespace {

// Written beside and moved into place, so that whoever waits for it reads it whole.
bool write_ports(const std::string& path, const App& app) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(beside, std::ios::trunc);
    file << "client=" << app.client_port() << "\nadmin=" << app.admin_port() << "\n";
    if (!file.flush()) return false;
  }
  std::error_code failed;
  std::filesystem::rename(beside, path, failed);
  return !failed;
}

// One would hold every secret and the prompts under way. A debugger can still look.
void leave_no_core_dump() {
  rlimit limit{};
  if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max == 0) return;
  // Of one byte the kernel writes none, and it hands none to a program either (core_pattern with a
  // pipe), for which it would not look at a limit of zero.
  limit = {1, 1};
  (void)setrlimit(RLIMIT_CORE, &limit);  // can only lower it, which is always allowed
}

int complain(const config::Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 2;
}

// Where this process listens: what it was given, or nothing yet.
struct Origin {
  Doors doors;
  std::optional<Predecessor> before;
};

config::Result<Origin> origin_of(const ServeOptions& options, const config::Config& config) {
  Origin out;
  if (options.take_over) {
    auto found = Predecessor::find(config.ledger.database);
    if (!found) return std::move(found).error();
    auto there = *std::move(found);
    if (there) out.before.emplace(*std::move(there));
    if (out.before) out.doors = std::move(out.before->doors());
  }
  if (!out.before) {
    auto given = doors_from_environment();
    if (!given) return std::move(given).error();
    out.doors = *std::move(given);
  }
  if (auto same = check_addresses(out.doors, config); !same) return std::move(same).error();
  return out;
}

int run(const ServeOptions& options, CompiledConfig compiled, Origin origin, admin::Tokens tokens,
        limits::Limiter& limiter, Accounting& accounting, const config::Clock& clock) {
  auto keys = KeyControl::open(compiled.snapshot, {limiter, accounting}, clock, system_random);
  if (!keys) return complain(keys.error());
  const auto compile = [path = options.config_path, &limiter](const config::Config& running) {
    return compile_config(path, &limiter, &running);
  };
  App app(*std::move(keys), tokens, std::move(compiled), compile, std::move(origin.doors), limiter,
          accounting);
  if (!options.port_file.empty() && !write_ports(options.port_file, app)) {
    fmt::print(stderr, "cannot write the port file {}\n", options.port_file);
    return 1;
  }
  return app.run_until_signalled(origin.before ? &*origin.before : nullptr);
}

}  // namespace

int serve(const ServeOptions& options) {
  leave_no_core_dump();
  limits::LocalLimiter limiter;
  CompiledConfig compiled = compile_config(options.config_path, &limiter);
  if (!tell_about(compiled, options.config_path)) return 2;
  const auto snapshot = compiled.snapshot;
  const config::Config& config = snapshot->config();
  auto logging = log::Logging::start(config.log);
  if (!logging) return complain(logging.error());
  const config::SystemClock clock;
  auto tokens = admin::Tokens::load(config.admin, system_random);
  if (!tokens) return complain(tokens.error());
  auto origin = origin_of(options, config);
  if (!origin) return complain(origin.error());
  auto accounting = Accounting::open(config.ledger, App::worker_count(config.server), clock,
                                     std::random_device{}(), limiter);
  if (!accounting) return complain(accounting.error());
  try {
    return run(options, std::move(compiled), *std::move(origin), *tokens, limiter, **accounting,
               clock);
  } catch (const std::system_error& error) {
    const bool taken = error.code() == std::errc::address_in_use && !options.take_over;
    fmt::print(stderr, "{}{}\n", error.what(),
               taken ? "; another tollgate may be running there: stop it, or start this one with "
                       "--take-over"
                     : "");
    return 1;
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

}  // namespace gateway::cli
