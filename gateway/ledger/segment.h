#pragma once
// One file of a journal: preallocated, then filled from its front with frames
//
//   length (4 bytes, low first)  payload  CRC-32C (4 bytes, low first)
//
// whose checksum also covers where the frame stands and a number in the file's name, so
// that bytes a client chose cannot pass for a frame. What has not been written is zero.
//
// One thread writes, one thread reads what `written` covers, one syncs: none waits for
// another. The file lives until unlinked and this object is gone.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

namespace gateway {

// Longer ones are refused when written and nonsense when read.
inline constexpr std::size_t kLongestFrame = 64UL * 1024;
inline constexpr std::size_t kFrameOverhead = 8;

// Who writes a file: the ledger's thread keeps in its own what stays open when an old file
// goes (ledger_writer.h); worker n is writer n + 1.
inline constexpr int kLedgersOwn = 0;
constexpr int writer_of(int worker) {
  return worker + 1;
}

// A file's name, which says where it belongs: "w3-00000017-1f2e3d4c.journal".
struct SegmentName {
  int writer = 0;
  std::uint64_t sequence = 0;  // later files of a writer have higher ones
  std::uint32_t salt = 0;
  friend auto operator<=>(const SegmentName&, const SegmentName&) = default;
};
std::string to_string(const SegmentName& name);
std::optional<SegmentName> parse_segment_name(std::string_view file_name);

class Segment {
 public:
  // Makes and preallocates the file; nullptr and `error` where the disk refuses, with
  // nothing left behind.
  static std::shared_ptr<Segment> create(const std::filesystem::path& folder,
                                         const SegmentName& name, std::size_t capacity,
                                         boost::system::error_code& error);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  const SegmentName& name() const { return name_; }
  const std::filesystem::path& path() const { return path_; }
  std::size_t capacity() const { return capacity_; }

  // The writer's thread. `frame` is room for the length, the payload and room for the
  // checksum; both rooms are filled in. It must fit. False: the disk refused, and nothing
  // more may be written here.
  bool append(std::string& frame, boost::system::error_code& error);
  std::size_t left() const { return capacity_ - position_; }
  // Nothing more will be written.
  void seal() { sealed_.store(true, std::memory_order_release); }

  // Any thread. Look at sealed() before written(): together they then tell the end.
  std::size_t written() const { return written_.load(std::memory_order_acquire); }
  bool sealed() const { return sealed_.load(std::memory_order_acquire); }
  // Up to here all is in the ledger; its thread says so. Look at it before written().
  std::size_t carried() const { return carried_.load(std::memory_order_acquire); }
  void note_carried(std::size_t up_to) { carried_.store(up_to, std::memory_order_release); }
  // At most `size` bytes from `offset` on, over `out`; false: the disk refused.
  bool read(std::size_t offset, std::size_t size, std::string& out,
            boost::system::error_code& error) const;

  // The syncing thread, or the writer's. Its name is on the disk too then. False: the disk
  // refused; this file is not to be trusted with more.
  bool sync(boost::system::error_code& error);
  std::size_t synced() const { return synced_.load(std::memory_order_acquire); }
  // A sync failed: its writer goes on to another file.
  bool distrusted() const { return distrusted_.load(std::memory_order_acquire); }

  bool unlink();

 private:
  Segment(int descriptor, std::filesystem::path path, const SegmentName& name,
          std::size_t capacity);

  // Constant after construction.
  const int descriptor_;
  const std::filesystem::path path_;
  const SegmentName name_;
  const std::size_t capacity_;

  // The writer's only.
  std::size_t position_ = 0;

  // Any thread.
  std::atomic<std::size_t> written_{0};
  std::atomic<std::size_t> carried_{0};
  std::atomic<std::size_t> synced_{0};
  std::atomic<bool> sealed_{false};
  std::atomic<bool> distrusted_{false};
  std::atomic<bool> named_on_disk_{false};
};

// The checksum of a frame's length and payload at `offset` of the file called so.
std::uint32_t frame_checksum(const SegmentName& name, std::size_t offset, std::string_view bytes);

}  // namespace gateway
