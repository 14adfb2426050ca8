#pragma once
// Who may write a ledger: one process, by a lock on a file beside the database
// ("….lock") that ends with the process, however it ends. Held from start to end.

#include <string>

#include "config/base/error.h"

namespace gateway::sqlite {

class WriterLock {
 public:
  // Does not wait. `overloaded` where another process (or another WriterLock) holds it; the
  // message names that process. Any other Error: the file cannot be made.
  static config::Result<WriterLock> take(const std::string& database_path);
  ~WriterLock();
  WriterLock(WriterLock&& other) noexcept;

  // The number of the process that took the lock last; empty: nobody has.
  static std::string last_holder(const std::string& database_path);
  WriterLock& operator=(WriterLock&&) = delete;

 private:
  explicit WriterLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;  // -1: moved from
};

}  // namespace gateway::sqlite
