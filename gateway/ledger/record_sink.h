#pragma once
// Where finished records go: metrics and the log now, the journal with the ledger.
// One per worker, called on its thread; must not block.

#include <string_view>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/ledger/hold.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // Before an upstream sees anything of it. An Error (overloaded): it cannot be written
  // down, so it must not be sent.
  virtual config::Result<void> attempt_begins(const Hold& hold) = 0;
  // What attempt_begins() wrote must be on the disk before anything is sent: then wait for
  // on_disk(), whose Error is the same.
  virtual bool waits_for_disk() const = 0;
  virtual Awaitable<config::Result<void>> on_disk() = 0;
  // More is set aside for it now. The same Error: no more of it may be shown.
  virtual config::Result<void> attempt_extended(const Hold& hold) = 0;
  // Once for each that began; before the client has the last byte of its answer.
  virtual void attempt_done(const UsageRecord& record) = 0;
  virtual void request_done(const RequestSummary& summary) = 0;
  // Refused before a model and a key were known: no record, a counter and a log line.
  virtual void refused(std::string_view request_id, const config::Error& error) = 0;
  // A streamed request is under way, or no longer.
  virtual void stream_opened() = 0;
  virtual void stream_closed() = 0;
};

}  // namespace gateway
