#pragma once
// A ledger's database in a folder of its own, with a KeyStore over it, and secrets that are
// the same in every run.

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "gateway/keys/key_store.h"
#include "gateway/keys/secret.h"
#include "gateway/keys/store_access.h"
#include "gateway/ledger/sqlite/ledger_file.h"
#include "gateway/ledger/sqlite/writer_lock.h"
#include "tests/support/temp_dir.h"

namespace gateway::keys {

// 1, 2, 3, … in every byte.
inline Random counting() {
  return [next = std::uint8_t{0}](std::span<std::uint8_t> out) mutable {
    for (auto& byte : out) byte = ++next;
  };
}

class ALedger final : public StoreAccess {
 public:
  std::string path() const { return folder_.file("tollgate.db"); }
  KeyStore& store() { return store_; }
  Awaitable<bool> change(Work work) override {
    work(store_);
    co_return true;
  }
  Awaitable<bool> read(Work work) override { return change(std::move(work)); }

 private:
  static sqlite::Database opened(const std::string& path, const sqlite::WriterLock& lock) {
    auto database = sqlite::open_for_writing(path, lock, {});
    if (!database) throw std::runtime_error(database.error().message);
    return *std::move(database);
  }

  test::TempDir folder_;
  sqlite::WriterLock lock_ = *sqlite::WriterLock::take(folder_.file("tollgate.db"));
  sqlite::Database database_ = opened(folder_.file("tollgate.db"), lock_);
  KeyStore store_{database_};
};

}  // namespace gateway::keys
