#pragma once
// Finds the frames (segment.h) in a stretch of a journal file, and what stands between them
// that is none: a write cut short, a flipped bit, a page the disk lost. One thread; views
// last as long as the bytes.

#include <cstddef>
#include <optional>
#include <string_view>

#include "gateway/ledger/segment.h"

namespace gateway {

class FrameReader {
 public:
  // `bytes` stand at `offset` of the file called `name`.
  FrameReader(const SegmentName& name, std::size_t offset, std::string_view bytes);

  // The next payload whose checksum is right, whatever had to be passed over to reach it.
  std::optional<std::string_view> next();

  // Where in the file the frame returned last ends.
  std::size_t position() const { return offset_ + at_; }
  // Stretches passed over that were no frame.
  std::size_t damaged() const { return damaged_; }
  // After the last frame: something is there that is none. Zeros are nothing.
  bool torn() const { return at_ < end_; }

 private:
  std::optional<std::string_view> frame_at(std::size_t at) const;

  const SegmentName name_;
  const std::size_t offset_;
  const std::string_view bytes_;
  const std::size_t end_;  // behind it, zeros only
  std::size_t at_ = 0;
  std::size_t damaged_ = 0;
};

}  // namespace gateway
