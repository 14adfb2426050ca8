#include "gateway/ledger/journal_folder.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace gateway {
namespace {

using boost::system::error_code;
using config::ErrorCode;
using config::failure;
namespace fs = std::filesystem;

constexpr std::size_t kLargestSegment = 8UL * 1024 * 1024;
constexpr std::size_t kSmallestSegment = 64UL * 1024;
constexpr const char* kLock = "lock";
constexpr std::size_t kNameDigits = 16;  // after the process's number

error_code system_error(int number) {
  return {number, boost::system::system_category()};
}

// Opens and locks without waiting, or with; -1 and errno.
int locked(const fs::path& file, int how) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return -1;
  while (::flock(descriptor, how) != 0) {
    if (errno == EINTR) continue;
    const int refused = errno;
    ::close(descriptor);
    errno = refused;
    return -1;
  }
  return descriptor;
}

// While it lives, no other process makes or takes a folder: a new one is never seen
// before it is locked.
class ParentLock {
 public:
  explicit ParentLock(const fs::path& parent) : descriptor_(locked(parent / kLock, LOCK_EX)) {}
  ~ParentLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  ParentLock(const ParentLock&) = delete;
  ParentLock& operator=(const ParentLock&) = delete;

  bool held() const { return descriptor_ >= 0; }

 private:
  const int descriptor_;
};

bool is_journal_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  if (!entry.is_directory(ignored)) return false;
  const std::string name = entry.path().filename().string();
  const std::size_t dash = name.find('-');
  return dash != 0 && dash != std::string::npos && name.size() - dash - 1 == kNameDigits &&
         name.find_first_not_of("0123456789") == dash &&
         name.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
}

std::vector<fs::path> journal_folders(const fs::path& parent) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_journal_folder(*entry)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void sync_folder(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

std::size_t segment_bytes(std::size_t limit, int workers) {
  // Small bounds are shared: every worker can have the file it writes, a next one, and two
  // on their way into the ledger.
  const std::size_t share = limit / (4 * static_cast<std::size_t>(std::max(workers, 1)));
  const std::size_t bytes = std::clamp(share, kSmallestSegment, kLargestSegment);
  return bytes - bytes % 4096;
}

config::Error unusable(const fs::path& path, std::string_view why) {
  return failure(ErrorCode::internal,
                 fmt::format("The journal's folder {} cannot be used: {}", path.string(), why));
}

}  // namespace

LockedFolder::LockedFolder(fs::path path, int lock) : path_(std::move(path)), lock_(lock) {}

LockedFolder::LockedFolder(LockedFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

LockedFolder::~LockedFolder() {
  if (lock_ >= 0) ::close(lock_);
}

bool LockedFolder::remove() {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(path_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (parse_segment_name(entry->path().filename().string())) files.push_back(entry->path());
  }
  if (error) return false;
  for (const fs::path& file : files) {
    if (fs::remove(file, error); error) return false;
  }
  // The lock goes last: until then nobody takes this for a folder left behind.
  return ::unlink((path_ / kLock).c_str()) == 0 && ::rmdir(path_.c_str()) == 0;
}

config::Result<std::unique_ptr<JournalFolder>> JournalFolder::open(const config::Ledger& settings,
                                                                   int workers,
                                                                   std::uint64_t seed) {
  const fs::path parent(settings.journal);
  std::error_code error;
  if (fs::create_directories(parent, error); error) return unusable(parent, error.message());
  const ParentLock making(parent);
  if (!making.held()) return unusable(parent, system_error(errno).message());

  const fs::path path = parent / fmt::format("{}-{:016x}", ::getpid(), seed);
  if (::mkdir(path.c_str(), 0700) != 0) return unusable(path, system_error(errno).message());
  const int lock = locked(path / kLock, LOCK_EX | LOCK_NB);
  if (lock < 0) return unusable(path, system_error(errno).message());
  sync_folder(parent);
  LockedFolder mine(path, lock);
  return std::unique_ptr<JournalFolder>(
      new JournalFolder(std::move(mine), settings, workers, seed));
}

JournalFolder::JournalFolder(LockedFolder mine, const config::Ledger& settings, int workers,
                             std::uint64_t seed)
    : mine_(std::move(mine)),
      mode_(settings.mode),
      limit_(settings.journal_bytes),
      usual_bytes_(segment_bytes(settings.journal_bytes, workers)),
      random_(seed) {}

std::shared_ptr<Segment> JournalFolder::create(int writer, std::size_t bytes, error_code& error) {
  const std::lock_guard lock(mutex_);
  const SegmentName name{writer, next_sequence_++, static_cast<std::uint32_t>(random_())};
  auto segment = Segment::create(mine_.path(), name, bytes, error);
  if (!segment) return nullptr;
  segments_.push_back(segment);
  return segment;
}

config::Result<std::shared_ptr<Segment>> JournalFolder::new_segment(int writer) {
  std::string why = fmt::format("{} of {} bytes are in use", bytes_used(), limit_);
  for (std::size_t bytes = usual_bytes_; bytes >= kSmallestSegment; bytes /= 2) {
    if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_) {
      error_code error;
      if (auto segment = create(writer, bytes, error)) return segment;
      why = error.message();
    }
    used_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  return failure(ErrorCode::overloaded, "The journal has no room.", std::move(why));
}

config::Result<std::shared_ptr<Segment>> JournalFolder::new_segment(int writer, std::size_t bytes) {
  error_code error;
  auto segment = create(writer, bytes, error);
  if (!segment) {
    return failure(ErrorCode::overloaded, "The journal has no room.", error.message());
  }
  used_.fetch_add(bytes, std::memory_order_relaxed);
  return segment;
}

std::vector<std::shared_ptr<Segment>> JournalFolder::segments() const {
  const std::lock_guard lock(mutex_);
  return segments_;
}

bool JournalFolder::drop(const std::shared_ptr<Segment>& segment) {
  if (!segment->unlink()) return false;
  used_.fetch_sub(segment->capacity(), std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  std::erase(segments_, segment);
  return true;
}

bool JournalFolder::remove() {
  {
    const std::lock_guard lock(mutex_);
    segments_.clear();
  }
  return mine_.remove();
}

std::vector<LockedFolder> JournalFolder::take_abandoned() const {
  std::vector<LockedFolder> taken;
  const ParentLock taking(path().parent_path());
  if (!taking.held()) return taken;
  for (const fs::path& folder : journal_folders(path().parent_path())) {
    if (folder == path()) continue;
    const int lock = locked(folder / kLock, LOCK_EX | LOCK_NB);
    if (lock >= 0) taken.emplace_back(folder, lock);
  }
  return taken;
}

std::vector<fs::path> JournalFolder::folders_elsewhere() const {
  std::vector<fs::path> folders = journal_folders(path().parent_path());
  std::erase(folders, path());
  return folders;
}

}  // namespace gateway
