#pragma once
// What one thread has counted, a worker's or the ledger's: every family of ours in one struct.
// Written on that thread without a lock, and without allocating once a series exists; read
// by Metrics while a scrape runs, and lives as long as Metrics.
//
// Labels are names the operator configured (provider, model, team) and words from
// tables of ours (outcome, error, kind, source), never anything a client spelled.

#include <array>
#include <chrono>
#include <cstddef>

#include "config/base/error.h"
#include "gateway/ledger/second_opinion.h"
#include "gateway/ledger/usage_record.h"
#include "gateway/metrics/cells.h"
#include "gateway/metrics/series.h"

namespace gateway::metrics {

using std::chrono::microseconds;

inline constexpr std::array kDurationBounds{
    microseconds{10'000},      microseconds{25'000},      microseconds{50'000},
    microseconds{100'000},     microseconds{250'000},     microseconds{500'000},
    microseconds{1'000'000},   microseconds{2'500'000},   microseconds{5'000'000},
    microseconds{10'000'000},  microseconds{30'000'000},  microseconds{60'000'000},
    microseconds{120'000'000}, microseconds{300'000'000}, microseconds{900'000'000}};
inline constexpr std::array kFirstTokenBounds{
    microseconds{5'000},      microseconds{10'000},     microseconds{25'000},
    microseconds{50'000},     microseconds{100'000},    microseconds{200'000},
    microseconds{350'000},    microseconds{500'000},    microseconds{750'000},
    microseconds{1'000'000},  microseconds{1'500'000},  microseconds{2'500'000},
    microseconds{5'000'000},  microseconds{10'000'000}, microseconds{15'000'000},
    microseconds{30'000'000}, microseconds{60'000'000}, microseconds{120'000'000}};
inline constexpr std::array kOverheadBounds{
    microseconds{25},      microseconds{50},      microseconds{100},      microseconds{200},
    microseconds{300},     microseconds{500},     microseconds{1'000},    microseconds{2'000},
    microseconds{5'000},   microseconds{10'000},  microseconds{25'000},   microseconds{50'000},
    microseconds{100'000}, microseconds{250'000}, microseconds{1'000'000}};

// One count per disjoint bucket of providers::TokenBuckets.
enum class TokenKind : std::uint8_t {
  prompt,
  cached_read,
  cached_write,
  audio_input,
  image_input,
  completion,
  reasoning,
  audio_output,
};
inline constexpr std::array<std::string_view, 8> kTokenKinds{
    "prompt",      "cached_read", "cached_write", "audio_input",
    "image_input", "completion",  "reasoning",    "audio_output"};
using TokenCounts = std::array<Count, kTokenKinds.size()>;

// How TLS handshakes at our own door end; as http::Handshake has them.
inline constexpr std::array<std::string_view, 5> kHandshakes{"done", "failed", "timed_out",
                                                             "too_many", "plain_http"};

// Why an attempt's accounting deserves a second look.
inline constexpr std::string_view kUnknownCost = "unknown_cost";
inline constexpr std::string_view kMaybeBilled = "maybe_billed";
inline constexpr std::string_view kSuspectCount = "suspect_count";

class alignas(64) Shard {
 public:
  Shard() = default;
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // One attempt is over: its outcome, tokens and money.
  void attempt(const UsageRecord& record);
  // What a provider and our prices say of one attempt, to be compared.
  void compared(const UsageRecord& record, ToldBy by, const TwoOpinions& both);
  // One request that named a known model and key is over.
  void request(const RequestSummary& summary);
  // A request was refused before any model or key was known.
  void rejected(config::ErrorCode reason);

  // An attempt waited this long until its hold was on the disk.
  void journal_waited(std::chrono::microseconds time) { journal_waits_.add(time); }

  // Something was refused because it could not be written down.
  void journal_refused() { journal_refusals_.add(1); }

  void stream_opened() { open_streams_.up(); }
  void stream_closed() { open_streams_.down(); }
  void connection_opened() { open_connections_.up(); }
  void connection_closed() { open_connections_.down(); }

  // A TLS handshake ended in this of kHandshakes.
  void handshake(std::size_t end) { handshakes_[end].add(1); }

 private:
  friend class Metrics;

  Series<4, Count> requests_;      // model, team, provider, outcome
  Series<4, Count> attempts_;      // provider, model, outcome, error
  Series<3, Count> key_attempts_;  // provider, key, outcome
  Series<4, TokenCounts> tokens_;  // model, team, provider, source
  // In pico-USD: 64 bits hold 18 million USD per series.
  Series<4, Count> cost_;    // model, team, provider, source
  Series<3, Count> doubts_;  // provider, model, reason
  // Attempts that both our prices and their provider put a price on: what each says.
  Series<3, Count> compared_priced_;                      // provider, model, told_by; in pico-USD
  Series<3, Count> compared_reported_;                    // the same
  Series<2, Count> zero_costs_;                           // provider, model
  Series<3, Durations<kDurationBounds>> durations_;       // provider, model, outcome
  Series<2, Durations<kFirstTokenBounds>> first_tokens_;  // provider, model
  Durations<kOverheadBounds> overhead_;
  Durations<kOverheadBounds> journal_waits_;
  Count journal_refusals_;
  std::array<Count, config::kErrorShapes.size()> rejected_;
  std::array<Count, kHandshakes.size()> handshakes_;
  Level open_streams_;
  Level open_connections_;
  Series<2, Count> hedges_;   // route, outcome
  Series<2, Count> rescues_;  // route, outcome
};

}  // namespace gateway::metrics
