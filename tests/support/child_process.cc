#include "tests/support/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "tests/support/wait_for.h"

namespace test {
namespace {

constexpr std::array kInherited{
    "PATH",         "HOME",          "TMPDIR",       "ASAN_OPTIONS",
    "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE"};

std::vector<std::string> environment_with(const Environment& more) {
  std::vector<std::string> lines;
  for (const char* name : kInherited)
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in tests changes the environment
    if (const char* value = std::getenv(name)) lines.push_back(std::string(name) + "=" + value);
  for (const auto& [name, value] : more) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const Environment& more, std::string log_file)
    : log_file_(std::move(log_file)) {
  if (::access(program.c_str(), X_OK) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot run " + program);
  // Everything the child touches is made before fork: other threads may hold locks.
  std::vector<std::string> argument_texts{program};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  auto environment_texts = environment_with(more);
  const auto argv = pointers_to(argument_texts);
  const auto envp = pointers_to(environment_texts);
  const int log = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + log_file_);

  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(log);
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
}

ChildProcess::~ChildProcess() {
  stop();
}

void ChildProcess::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::exit_status() {
  if (status_) return status_;
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) != pid_) return std::nullopt;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds deadline) {
  wait_for(deadline, [this] { return exit_status().has_value(); });
  return status_;
}

int ChildProcess::stop(std::chrono::milliseconds deadline) {
  if (const auto status = exit_status()) return *status;
  signal(SIGTERM);
  if (const auto status = wait(deadline)) return *status;
  signal(SIGKILL);
  return wait(std::chrono::seconds(10)).value_or(128 + SIGKILL);
}

std::string ChildProcess::log() const {
  return read_file(log_file_);
}

}  // namespace test
