#pragma once
// SQLite's own file layer with one fault in it: the n-th write, sync or cut of a file fails,
// and with `stays`, all after it too. Registered under a name of its own; one at a time,
// its functions for any thread.

#include <memory>
#include <string>

struct sqlite3_vfs;

namespace test {

class FailingVfs {
 public:
  FailingVfs();
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  static constexpr const char* kName = "tollgate-failing";

  // The `call`-th from now on (1: the next) ends with SQLite's status `status`.
  void fail(int call, int status, bool stays);
  // Or ends the process there and then, with this exit status.
  static constexpr int kDied = 86;
  void die(int call);
  void heal();
  // Whether a fault was met since fail().
  bool met() const;

 private:
  std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace test
