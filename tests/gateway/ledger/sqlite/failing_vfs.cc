#include "tests/gateway/ledger/sqlite/failing_vfs.h"

#include <mutex>
#include <sqlite3.h>
#include <unistd.h>

namespace test {
namespace {

// What the C functions below look at: they have no other way to their object.
struct Plan {
  int calls_left = 0;  // 0: none is planned
  int status = SQLITE_OK;
  bool stays = false;
  bool met = false;
  bool dies = false;
};
Plan plan;
std::mutex plan_mutex;  // the test's thread plans, the ledger's meets

int fault() {
  const std::lock_guard lock(plan_mutex);
  if (plan.calls_left == 0) return SQLITE_OK;
  if (plan.calls_left > 1) {
    --plan.calls_left;
    return SQLITE_OK;
  }
  if (plan.dies) ::_exit(FailingVfs::kDied);
  plan.met = true;
  if (!plan.stays) plan.calls_left = 0;
  return plan.status;
}

// An open file of ours: SQLite's own stands right behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real();
}

sqlite3_vfs* system_vfs() {
  return sqlite3_vfs_find("unix");
}

int on_write(sqlite3_file* file, const void* bytes, int length, sqlite3_int64 at) {
  const int failed = fault();
  return failed != SQLITE_OK ? failed : real(file)->pMethods->xWrite(real(file), bytes, length, at);
}

int on_truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int failed = fault();
  return failed != SQLITE_OK ? failed : real(file)->pMethods->xTruncate(real(file), size);
}

int on_sync(sqlite3_file* file, int flags) {
  const int failed = fault();
  return failed != SQLITE_OK ? failed : real(file)->pMethods->xSync(real(file), flags);
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
    .xRead = [](sqlite3_file* f, void* to, int length,
                sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, length, at); },
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = [](sqlite3_file* f,
                    sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
    .xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
    .xUnlock = [](sqlite3_file* f,
                  int level) { return real(f)->pMethods->xUnlock(real(f), level); },
    .xCheckReservedLock =
        [](sqlite3_file* f, int* out) {
          return real(f)->pMethods->xCheckReservedLock(real(f), out);
        },
    .xFileControl =
        [](sqlite3_file* f, int operation, void* argument) {
          return real(f)->pMethods->xFileControl(real(f), operation, argument);
        },
    .xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    .xDeviceCharacteristics =
        [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
    .xShmMap =
        [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
          return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
        },
    .xShmLock = [](sqlite3_file* f, int offset, int n,
                   int flags) { return real(f)->pMethods->xShmLock(real(f), offset, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    .xShmUnmap = [](sqlite3_file* f,
                    int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int on_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int status = system_vfs()->xOpen(system_vfs(), name, real(file), flags, out_flags);
  if (status == SQLITE_OK) file->pMethods = &kMethods;
  return status;
}

}  // namespace

FailingVfs::FailingVfs() : vfs_(std::make_unique<sqlite3_vfs>(*system_vfs())) {
  plan = {};
  vfs_->zName = kName;
  vfs_->szOsFile += static_cast<int>(sizeof(File));
  vfs_->xOpen = on_open;
  vfs_->pNext = nullptr;
  sqlite3_vfs_register(vfs_.get(), 0);
}

FailingVfs::~FailingVfs() {
  sqlite3_vfs_unregister(vfs_.get());
}

void FailingVfs::fail(int call, int status, bool stays) {
  const std::lock_guard lock(plan_mutex);
  plan = {.calls_left = call, .status = status, .stays = stays, .met = false, .dies = false};
}

void FailingVfs::die(int call) {
  const std::lock_guard lock(plan_mutex);
  plan = {.calls_left = call, .dies = true};
}

void FailingVfs::heal() {
  const std::lock_guard lock(plan_mutex);
  plan.calls_left = 0;
}

bool FailingVfs::met() const {
  const std::lock_guard lock(plan_mutex);
  return plan.met;
}

}  // namespace test
