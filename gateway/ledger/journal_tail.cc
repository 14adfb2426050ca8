#include "gateway/ledger/journal_tail.h"

#include <fstream>
#include <utility>

#include "gateway/ledger/frame_reader.h"
#include "gateway/ledger/replay.h"

namespace gateway {
namespace {

// Several of the longest frames: one that was written whole is found whole.
constexpr std::size_t kChunk = 4 * kLongestFrame;

}  // namespace

void JournalTail::look(const News& news) {
  std::map<SegmentName, std::size_t> read;
  for (const SegmentName& name : segments_in(folder_)) {
    const auto known = read_.find(name);
    read.emplace(name, known == read_.end() ? 0 : known->second);
  }
  // What is gone first: what was in it may stand in a file that is new.
  for (const auto& [name, at] : read_) {
    if (!read.contains(name)) news.gone(name);
  }
  read_ = std::move(read);
  for (auto& [name, at] : read_) read_on(name, at, news);
}

void JournalTail::forget(const News& news) {
  for (const auto& [name, at] : std::exchange(read_, {})) news.gone(name);
}

void JournalTail::read_on(const SegmentName& name, std::size_t& at, const News& news) {
  std::ifstream file(folder_ / to_string(name), std::ios::binary);
  if (!file.seekg(static_cast<std::streamoff>(at))) return;
  for (;;) {
    buffer_.resize(kChunk);
    file.read(buffer_.data(), kChunk);
    buffer_.resize(static_cast<std::size_t>(file.gcount()));
    FrameReader frames(name, at, buffer_);
    const std::size_t before = at;
    while (const auto payload = frames.next()) {
      if (auto entry = decode(*payload)) news.entry(name, *std::move(entry));
      at = frames.position();
    }
    // Behind the last frame: nothing yet, one that is being written, or damage. Only damage is
    // longer than a frame.
    const std::size_t written = buffer_.find_last_not_of('\0') + 1;
    if (at == before && written > kLongestFrame) at += written - kLongestFrame;
    if (at == before) return;
    file.clear();
    file.seekg(static_cast<std::streamoff>(at));
  }
}

}  // namespace gateway
