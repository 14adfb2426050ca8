#pragma once
// What becomes of finished records on one worker: metrics and one log line per
// request. Its worker's thread only.

#include "gateway/ledger/record_sink.h"
#include "gateway/log.h"
#include "gateway/metrics/metrics.h"
#include "gateway/metrics/shard.h"

namespace gateway {

class Recorder final : public RecordSink {
 public:
  explicit Recorder(metrics::Shard& shard) : shard_(shard) {}

  void attempt_done(const UsageRecord& record) override { shard_.attempt(record); }
  void request_done(const RequestSummary& summary) override {
    shard_.request(summary);
    log::request(summary);
  }
  void refused(std::string_view request_id, const config::Error& error) override {
    shard_.rejected(error.code);
    log::info("request refused", {{"request", request_id},
                                  {"code", config::to_string(error.code)},
                                  {"status", error.http_status()},
                                  {"param", error.param}});
  }
  void stream_opened() override { shard_.stream_opened(); }
  void stream_closed() override { shard_.stream_closed(); }

 private:
  metrics::Shard& shard_;
};

}  // namespace gateway
