#pragma once
// Where finished records go: metrics and the log now, the journal with the ledger.
// One per worker, called on its thread; must not block.

#include "gateway/ledger/usage_record.h"

namespace gateway {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void attempt_done(const UsageRecord& record) = 0;
  virtual void request_done(const RequestSummary& summary) = 0;
};

}  // namespace gateway
