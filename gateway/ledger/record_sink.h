#pragma once
// Where finished records go: metrics and the log now, the journal with the ledger.
// One per worker, called on its thread; must not block.

#include <string_view>

#include "config/base/error.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void attempt_done(const UsageRecord& record) = 0;
  virtual void request_done(const RequestSummary& summary) = 0;
  // Refused before a model and a key were known: no record, a counter and a log line.
  virtual void refused(std::string_view request_id, const config::Error& error) = 0;
  // A streamed request is under way, or no longer.
  virtual void stream_opened() = 0;
  virtual void stream_closed() = 0;
};

}  // namespace gateway
