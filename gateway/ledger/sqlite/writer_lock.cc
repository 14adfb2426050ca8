#include "gateway/ledger/sqlite/writer_lock.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace gateway::sqlite {
namespace {

std::string system_words() {
  return std::generic_category().message(errno);
}

// What the holder wrote about itself; empty while it has not yet.
std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const auto length = ::pread(descriptor, text.data(), text.size(), 0);
  if (length <= 0) return {};
  return std::string(text.data(), static_cast<std::size_t>(length));
}

}  // namespace

config::Result<WriterLock> WriterLock::take(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("cannot make the lock {}: {}", path, system_words()));
  }
  WriterLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string why = held ? holder(descriptor) : system_words();
    if (!held) {
      return config::failure(config::ErrorCode::internal,
                             fmt::format("cannot lock {}: {}", path, why));
    }
    return config::failure(config::ErrorCode::overloaded,
                           fmt::format("the ledger {} is in use by another process{}{}",
                                       database_path, why.empty() ? "" : ", number ", why));
  }
  const std::string self = std::to_string(::getpid());
  // Only for the message above: a lock whose holder is not named locks just as well.
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(descriptor, self.data(), self.size(), 0);
  }
  return lock;
}

std::string WriterLock::last_holder(const std::string& database_path) {
  const int descriptor = ::open((database_path + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::string told = holder(descriptor);
  ::close(descriptor);
  return told;
}

WriterLock::WriterLock(WriterLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

WriterLock::~WriterLock() {
  // The file stays: removing it would let two processes lock two files of one name.
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace gateway::sqlite
