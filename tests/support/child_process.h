#pragma once
// A program run as a child: its own environment and log file, SIGTERM and a wait when it
// goes, SIGKILL when it does not. One thread; start it on a thread that outlives it, for
// the child dies with that thread.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace test {

using Environment = std::vector<std::pair<std::string, std::string>>;

class ChildProcess {
 public:
  // Of this process's environment the child gets PATH, HOME, TMPDIR and the sanitizers'
  // options; `more` is added. Standard output and error go to `log_file`. Throws when the
  // program cannot be started.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
               const Environment& more, std::string log_file);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;

  // Exit status (128 + signal when it was killed) once it has ended; nullopt before.
  std::optional<int> exit_status();
  std::optional<int> wait(std::chrono::milliseconds deadline);
  // SIGTERM, a wait, and SIGKILL after the deadline. The exit status.
  int stop(std::chrono::milliseconds deadline = std::chrono::seconds(10));

  std::string log() const;

 private:
  const std::string log_file_;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

std::string read_file(const std::string& path);  // empty when there is none

}  // namespace test
