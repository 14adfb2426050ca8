#pragma once
// Which holds have no record yet, as a journal is read in its writer's order. One thread.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/ledger/hold.h"
#include "gateway/ledger/record_codec.h"
#include "gateway/ledger/segment.h"

namespace gateway {

class OpenHolds {
 public:
  struct Entry {
    Hold hold;          // with what it was extended to last
    SegmentName where;  // the file that says so
    // The file that says what it was extended to last, where that is another.
    std::optional<SegmentName> extended_in;

    bool needs(const SegmentName& file) const { return where == file || extended_in == file; }
  };

  void held(Hold hold, const SegmentName& where);
  void extended(const Extend& extend, const SegmentName& where);
  // True where it was open.
  bool settled(const UsageRecord& record);

  std::size_t size() const { return open_.size(); }
  // In the order of the requests' ids.
  template <class Visit>
  void each(Visit visit) {
    for (auto& [attempt, entry] : open_) visit(entry);
  }
  // All, the earliest first.
  std::vector<Hold> by_start() const;

 private:
  using Attempt = std::pair<std::string, int>;
  std::map<Attempt, Entry> open_;
};

}  // namespace gateway
