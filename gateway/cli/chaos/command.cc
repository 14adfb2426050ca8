#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "gateway/admin/tokens.h"
#include "gateway/app.h"
#include "gateway/cli/chaos/ask.h"
#include "gateway/cli/chaos/plan.h"
#include "gateway/cli/chaos/report.h"
#include "gateway/cli/chaos/upstream.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/load_config.h"
#include "gateway/compiled_config.h"
#include "gateway/doors.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/limits/local_limiter.h"
#include "gateway/log.h"
#include "gateway/random.h"

namespace gateway::cli {
namespace {

using config::Result;

// At once: enough that waiting for silent targets adds up to little.
constexpr int kClients = 32;

// Everything a drill writes; gone when it ends.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tollgate-chaos-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), "cannot make the folder " + name);
    }
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  config::SourceFile empty_file() const {
    const std::string file = path_ + "/empty";
    const std::ofstream made(file);
    return {file, config::sha256("")};
  }

 private:
  std::string path_;
};

// Nothing but the drill's own upstream may be asked.
bool is_at_home(const config::Config& config) {
  for (const config::Model& model : config.models) {
    for (const config::Target& target : model.targets) {
      const std::string& host = target.base_url.host;
      if (host != "127.0.0.1" && host != "nowhere.invalid") return false;
      if (target.proxy.on() || !target.further_keys.empty()) return false;
    }
  }
  return true;
}

// Asks for everything that is planned, some at once, and then has the gateway stop.
class Asker {
 public:
  Asker(const std::vector<chaos::Trial>& trials, std::uint16_t port, std::string key)
      : trials_(trials), port_(port), key_(std::move(key)), seen_(trials.size()) {}

  void run() {
    for (int client = 0; client < kClients; ++client) {
      net::co_spawn(io_, ask_on(), [this](const std::exception_ptr& failed) {
        if (failed || ++finished_ == kClients) io_.stop();
      });
    }
    io_.run();
    ::kill(::getpid(), SIGINT);  // nothing is open any more
  }
  bool finished() const { return finished_ == kClients; }
  const std::vector<chaos::Seen>& seen() const { return seen_; }

 private:
  Awaitable<void> ask_on() {
    while (next_ < trials_.size()) {
      const std::size_t mine = next_++;
      seen_[mine] = co_await chaos::ask(pools_, port_, key_, trials_[mine]);
    }
  }

  const std::vector<chaos::Trial>& trials_;
  const std::uint16_t port_;
  const std::string key_;
  std::vector<chaos::Seen> seen_;
  std::size_t next_ = 0;
  int finished_ = 0;
  const config::SystemClock clock_;
  net::io_context io_{1};
  Deadlines deadlines_{io_, clock_};
  upstream::Pools pools_{io_, deadlines_, clock_};
};

// Serves the plan and has it asked for; nullopt: it was stopped meanwhile.
// `file` stands for the configuration's, of which the gateway looks whether it changed.
Result<std::optional<std::vector<chaos::Seen>>> serve_and_ask(const chaos::Plan& plan,
                                                              const std::string& key,
                                                              const config::SourceFile& file) {
  const config::SystemClock clock;
  limits::LocalLimiter limiter;
  auto logging = log::Logging::start(plan.config.log);
  if (!logging) return std::move(logging).error();
  auto snapshot = Snapshot::build(plan.config, &limiter);
  if (!snapshot) return std::move(snapshot).error();
  const config::Config& config = (*snapshot)->config();
  auto tokens = admin::Tokens::load(config.admin, system_random);
  if (!tokens) return std::move(tokens).error();
  auto accounting = Accounting::open(config.ledger, App::worker_count(config.server), clock,
                                     std::random_device{}(), limiter);
  if (!accounting) return std::move(accounting).error();
  auto keys = KeyControl::open(*snapshot, {limiter, **accounting}, clock, system_random);
  if (!keys) return std::move(keys).error();
  CompiledConfig compiled;
  compiled.snapshot = *snapshot;
  compiled.files = {file};
  const auto stays = [compiled](const config::Config&) { return compiled; };
  App app(*std::move(keys), *tokens, compiled, stays, Doors(), limiter, **accounting);

  Asker asker(plan.trials, app.client_port(), key);
  std::thread asking([&asker] { asker.run(); });
  const int status = app.run_until_signalled();
  asking.join();
  if (status != 0 || !asker.finished()) return std::optional<std::vector<chaos::Seen>>();
  return std::optional(asker.seen());
}

// What the drill's ledger has, beside what its clients saw.
Result<std::vector<chaos::Finding>> findings_of(const chaos::Plan& plan,
                                                const std::vector<chaos::Seen>& seen) {
  std::vector<chaos::Finding> findings;
  std::unordered_map<std::string, std::size_t> by_request;
  for (std::size_t at = 0; at < seen.size(); ++at) {
    chaos::Finding finding;
    finding.trial = plan.trials[at];
    finding.seen = seen[at];
    finding.cost = config::PicoUsd{0};
    by_request.emplace(seen[at].request, at);
    findings.push_back(std::move(finding));
  }
  constexpr std::chrono::seconds kPatience{10};
  auto ledger = sqlite::open_for_reading(plan.config.ledger.database, kPatience);
  if (!ledger) return std::move(ledger).error();
  auto names = Names::open(*ledger);
  if (!names) return std::move(names).error();
  auto select = prepare_select(*ledger, "ORDER BY r.id");
  if (!select) return std::move(select).error();
  for (;;) {
    auto found = select->step();
    if (!found) return std::move(found).error();
    if (!*found) return findings;
    auto row = read_row(*select, *names);
    if (!row) return std::move(row).error();
    const UsageRecord& record = row->record;
    const auto place = by_request.find(record.request.str());
    if (place == by_request.end()) continue;
    chaos::Finding& finding = findings[place->second];
    ++finding.attempts;
    if (record.outcome == Outcome::ok) finding.answered = chaos::operators_name(record.target);
    const bool known = finding.cost && record.cost.amount;
    finding.cost = known ? config::checked_add(*finding.cost, *record.cost.amount) : std::nullopt;
  }
}

int complain(const config::Error& error) {
  fmt::print(stderr, "{} {}\n", error.message, error.detail);
  return 2;
}

// Which of the models asked for there is not, and which there are; empty: all are there.
std::string unknown_among(const std::vector<std::string>& asked, const Snapshot& operators) {
  std::vector<std::string_view> known;
  for (const Route& route : operators.routes().routes()) known.push_back(route.model->name.view());
  for (const std::string& name : asked) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string hint = config::did_you_mean(name, known);
    if (hint.empty()) hint = fmt::format("; there is {}", fmt::join(known, ", "));
    return config::as_sentence(
        fmt::format("No model is called {}{}", config::in_quotes(name), hint));
  }
  return {};
}

int run(const ChaosOptions& options, const Snapshot& operators) {
  if (const auto unknown = unknown_among(options.models, operators); !unknown.empty()) {
    fmt::print(stderr, "{}\n", unknown);
    return 2;
  }
  const Folder folder;
  const chaos::Upstream upstream;
  const std::string key = "sk-drill";
  const chaos::Plan plan = chaos::plan(operators, options.models, upstream, key, folder.path());
  if (!is_at_home(plan.config)) {
    fmt::print(stderr, "A real upstream is left in the drill; nothing was asked.\n");
    return 2;
  }
  const auto served = serve_and_ask(plan, key, folder.empty_file());
  if (!served) return complain(served.error());
  const std::optional<std::vector<chaos::Seen>>& seen = *served;
  if (!seen) {
    fmt::print(stderr, "The drill was stopped.\n");
    return 1;
  }
  const auto findings = findings_of(plan, *seen);
  if (!findings) return complain(findings.error());
  fmt::print("{}",
             options.format == "json" ? chaos::json_of(*findings) : chaos::table_of(*findings));
  const std::string complaints = chaos::complaints_of(*findings);
  fmt::print(stderr, "{}", complaints);
  return complaints.empty() ? 0 : 1;
}

}  // namespace

int drill(const ChaosOptions& options) {
  const auto operators = load_snapshot(options.config_path);
  if (!operators) return 2;
  try {
    return run(options, **operators);
  } catch (const std::system_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

}  // namespace gateway::cli
