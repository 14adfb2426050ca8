#include "gateway/ledger/segment.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "gateway/ledger/crc32c.h"

namespace gateway {
namespace {

using boost::system::error_code;

constexpr std::string_view kSuffix = ".journal";

error_code system_error(int number) {
  return {number, boost::system::system_category()};
}

void put(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

// False and errno where the disk refuses.
bool sync_folder_of(const std::filesystem::path& file) {
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const int failed = ::fsync(folder) == 0 ? 0 : errno;
  ::close(folder);
  errno = failed;
  return failed == 0;
}

template <class T>
bool read_number(std::string_view text, int base, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string to_string(const SegmentName& name) {
  return fmt::format("w{}-{:08}-{:08x}{}", name.writer, name.sequence, name.salt, kSuffix);
}

std::optional<SegmentName> parse_segment_name(std::string_view file_name) {
  if (!file_name.starts_with('w') || !file_name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view numbers = file_name.substr(1, file_name.size() - 1 - kSuffix.size());
  const std::size_t first = numbers.find('-');
  const std::size_t last = numbers.rfind('-');
  if (first == last) return std::nullopt;
  SegmentName name;
  const bool good = read_number(numbers.substr(0, first), 10, name.writer) &&
                    read_number(numbers.substr(first + 1, last - first - 1), 10, name.sequence) &&
                    read_number(numbers.substr(last + 1), 16, name.salt);
  if (!good || to_string(name) != file_name) return std::nullopt;
  return name;
}

std::uint32_t frame_checksum(const SegmentName& name, std::size_t offset, std::string_view bytes) {
  return crc32c(name.salt ^ static_cast<std::uint32_t>(offset), bytes);
}

std::shared_ptr<Segment> Segment::create(const std::filesystem::path& folder,
                                         const SegmentName& name, std::size_t capacity,
                                         error_code& error) {
  const std::filesystem::path path = folder / to_string(name);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    error = system_error(errno);
    return nullptr;
  }
  std::shared_ptr<Segment> segment(new Segment(descriptor, path, name, capacity));
  if (const int refused = ::posix_fallocate(descriptor, 0, static_cast<off_t>(capacity))) {
    error = system_error(refused);
    segment->unlink();
    return nullptr;
  }
  return segment;
}

Segment::Segment(int descriptor, std::filesystem::path path, const SegmentName& name,
                 std::size_t capacity)
    : descriptor_(descriptor), path_(std::move(path)), name_(name), capacity_(capacity) {}

Segment::~Segment() {
  ::close(descriptor_);
}

bool Segment::append(std::string& frame, error_code& error) {
  const std::size_t checked = frame.size() - 4;
  put(frame, 0, static_cast<std::uint32_t>(frame.size() - kFrameOverhead));
  put(frame, checked, frame_checksum(name_, position_, std::string_view(frame).substr(0, checked)));
  std::size_t done = 0;
  while (done < frame.size()) {
    const ssize_t wrote = ::pwrite(descriptor_, frame.data() + done, frame.size() - done,
                                   static_cast<off_t>(position_ + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      error = system_error(wrote < 0 ? errno : ENOSPC);
      return false;
    }
    done += static_cast<std::size_t>(wrote);
  }
  position_ += frame.size();
  written_.store(position_, std::memory_order_release);
  return true;
}

bool Segment::read(std::size_t offset, std::size_t size, std::string& out,
                   error_code& error) const {
  out.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor_, out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      error = system_error(errno);
      return false;
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return true;
}

bool Segment::sync(error_code& error) {
  const std::size_t covered = written();
  const bool first = !named_on_disk_.load(std::memory_order_relaxed);
  // What is in a file is worth as much as the file's name.
  if (::fdatasync(descriptor_) != 0 || (first && !sync_folder_of(path_))) {
    error = system_error(errno);
    // The kernel reports a lost page once: a later success would say nothing about it.
    distrusted_.store(true, std::memory_order_release);
    return false;
  }
  named_on_disk_.store(true, std::memory_order_relaxed);
  synced_.store(covered, std::memory_order_release);
  return true;
}

bool Segment::unlink() {
  return ::unlink(path_.c_str()) == 0 || errno == ENOENT;
}

}  // namespace gateway
