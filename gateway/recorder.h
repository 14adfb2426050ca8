#pragma once
// What becomes of records on one worker: the journal first, then metrics, and one log line
// per request. Its worker's thread only.

#include "gateway/ledger/journal.h"
#include "gateway/ledger/journal_sync.h"
#include "gateway/ledger/record_sink.h"
#include "gateway/log.h"
#include "gateway/metrics/metrics.h"
#include "gateway/metrics/shard.h"

namespace gateway {

class Recorder final : public RecordSink {
 public:
  Recorder(metrics::Shard& shard, Journal& journal, JournalSync& sync, const config::Clock& clock)
      : shard_(shard), journal_(journal), sync_(sync), clock_(clock) {}

  config::Result<void> attempt_begins(const Hold& hold) override {
    return counted(journal_.hold(hold));
  }
  bool waits_for_disk() const override {
    return journal_.folder().mode() == config::JournalMode::power;
  }
  Awaitable<config::Result<void>> on_disk() override {
    auto waited = co_await gateway::on_disk(sync_, journal_, clock_);
    if (!waited) co_return waited.error();
    shard_.journal_waited(*waited);
    co_return config::Result<void>();
  }
  config::Result<void> attempt_extended(const Hold& hold) override {
    return counted(journal_.extend({hold.request, hold.attempt, hold.reserved}));
  }
  void attempt_done(const UsageRecord& record) override {
    journal_.settle(record);
    shard_.attempt(record);
  }
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
  config::Result<void> counted(config::Result<void> written) {
    if (!written) shard_.journal_refused();
    return written;
  }

  metrics::Shard& shard_;
  Journal& journal_;
  JournalSync& sync_;
  const config::Clock& clock_;
};

}  // namespace gateway
