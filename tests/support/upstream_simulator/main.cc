// upstream-simulator: every upstream the gateway knows, in one program without models.

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>

#include <CLI/CLI.hpp>

#include "tests/support/upstream_simulator/simulator.h"

namespace {

void list_faults() {
  std::string_view group;
  for (const auto& spec : simulator::kFaults) {
    if (spec.group != group) std::cout << (group.empty() ? "" : "\n") << spec.group << "\n";
    group = spec.group;
    std::cout << "  " << spec.name
              << std::string(spec.name.size() < 26 ? 26 - spec.name.size() : 1, ' ') << spec.help
              << "\n";
  }
}

// Written beside its place and renamed, so that a reader never sees half a file.
bool write_port(const std::string& path, std::uint16_t port) {
  const auto draft = path + ".new";
  std::ofstream(draft) << port << "\n";
  return std::rename(draft.c_str(), path.c_str()) == 0;
}

// Whoever keeps what it was told, as a ledger does, must not take this run for another.
std::string random_run() {
  std::array<char, 9> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x",
                static_cast<unsigned>(std::random_device{}()));
  return digits.data();
}

// Appends what is new in the log; an entry appears once its answer has ended, or at the
// very end of the program.
class LogFile {
 public:
  explicit LogFile(const std::string& path) : file_(path, std::ios::app) {}

  void write(simulator::State& state, bool everything = false) {
    for (const auto& entry : state.log.entries(written_)) {
      if (entry.ended == simulator::Ended::not_yet && !everything) break;
      file_ << simulator::js::serialize(to_json(entry)) << "\n";
      written_ = entry.number;
    }
    file_.flush();
  }

 private:
  std::ofstream file_;
  std::uint64_t written_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  simulator::Options options;
  std::string port_file;
  std::string log_path;
  int pace_ms = 0;
  bool list = false;
  CLI::App app("Simulated upstreams: /reka, /openrouter, /haimaker, /onprem");
  app.add_option("--port", options.port, "TCP port on 127.0.0.1; 0 takes a free one");
  app.add_option("--port-file", port_file, "where to write the port");
  app.add_option("--threads", options.threads, "threads that answer")->check(CLI::Range(1, 256));
  app.add_option("--pace", pace_ms, "milliseconds between the events of a stream");
  app.add_option("--run", options.run, "eight hexadecimal digits for its ids; else random")
      ->check([](const std::string& text) {
        const bool good =
            text.size() == 8 && text.find_first_not_of("0123456789abcdef") == text.npos;
        return good ? "" : "wants eight of 0123456789abcdef";
      });
  app.add_option("--tls-cert", options.certificate_file, "PEM certificate chain: serve TLS");
  app.add_option("--tls-key", options.key_file, "PEM private key");
  app.add_option("--log", log_path, "append each request as a JSON line");
  app.add_flag("--list-faults", list, "print the table of faults and leave");
  CLI11_PARSE(app, argc, argv);
  if (list) {
    list_faults();
    return 0;
  }
  options.pace = std::chrono::milliseconds(pace_ms);
  if (options.run.empty()) options.run = random_run();

  // Blocked before any thread starts, so that sigtimedwait below is the only receiver.
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  try {
    simulator::Simulator upstream(options);
    std::cerr << "upstream-simulator: " << upstream.url() << std::endl;
    if (!port_file.empty() && !write_port(port_file, upstream.port())) {
      std::cerr << "upstream-simulator: cannot write " << port_file << "\n";
      return 1;
    }
    std::optional<LogFile> log;
    if (!log_path.empty()) log.emplace(log_path);
    constexpr timespec kTick{0, 100'000'000};
    while (sigtimedwait(&signals, nullptr, &kTick) < 0)
      if (log) log->write(upstream.state());
    upstream.stop();
    if (log) log->write(upstream.state(), true);
  } catch (const std::exception& problem) {
    std::cerr << "upstream-simulator: " << problem.what() << "\n";
    return 1;
  }
  return 0;
}
