#pragma once
// Reads the journal folder of another process, or of one that died, as it grows: at each look
// only what was written since the one before. Never writes there. One thread; blocks on the
// disk.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "gateway/ledger/record_codec.h"
#include "gateway/ledger/segment.h"

namespace gateway {

class JournalTail {
 public:
  // Of one file, each in the order it was written; the files as replay() reads them.
  struct News {
    std::function<void(const SegmentName& file, JournalEntry entry)> entry;
    std::function<void(const SegmentName& file)> gone;
  };

  explicit JournalTail(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // A glance: what moves between files meanwhile may be seen at the next look only.
  void look(const News& news);
  // Whoever forgets the folder forgets what its files said.
  void forget(const News& news);

 private:
  void read_on(const SegmentName& name, std::size_t& at, const News& news);

  const std::filesystem::path folder_;
  std::map<SegmentName, std::size_t> read_;  // how far
  std::string buffer_;
};

}  // namespace gateway
