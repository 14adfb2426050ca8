#include "gateway/metrics/shard.h"

#include <cstdint>

#include <fmt/format.h>

#include "providers/usage.h"

namespace gateway::metrics {
namespace {

void add(TokenCounts& counts, const providers::TokenBuckets& tokens) {
  const std::pair<TokenKind, std::int64_t> buckets[] = {
      {TokenKind::prompt, tokens.prompt},
      {TokenKind::cached_read, tokens.cached_read},
      {TokenKind::cached_write, tokens.cached_write},
      {TokenKind::audio_input, tokens.audio_input},
      {TokenKind::image_input, tokens.image_input},
      {TokenKind::completion, tokens.completion},
      {TokenKind::reasoning, tokens.reasoning},
      {TokenKind::audio_output, tokens.audio_output},
  };
  for (const auto& [kind, count] : buckets) {
    // A counter never goes down, whatever an upstream says.
    if (count > 0) counts[static_cast<std::size_t>(kind)].add(static_cast<std::uint64_t>(count));
  }
}

}  // namespace

void Shard::attempt(const UsageRecord& record) {
  const std::string_view model = record.model.view();
  const std::string_view team = record.team.view();
  const std::string_view provider = record.provider.view();
  const std::string_view error = record.error ? config::to_string(*record.error) : "";

  attempts_.at({provider, model, to_string(record.outcome), error}).add(1);

  if (record.upstream_key > 0) {
    const fmt::format_int position(record.upstream_key);
    key_attempts_.at({provider, {position.data(), position.size()}, to_string(record.outcome)})
        .add(1);
  }

  // Whoever read a suspect usage has left out what cannot be; the rest counts.
  if (record.usage.suspect) doubts_.at({provider, model, kSuspectCount}).add(1);
  if (record.usage.tokens != providers::Source::unknown) {
    add(tokens_.at({model, team, provider, to_string(record.usage.tokens)}),
        providers::disjoint(record.usage));
  }

  if (!record.cost.amount) {
    doubts_.at({provider, model, kUnknownCost}).add(1);
  } else if (record.cost.amount->value > 0) {
    cost_.at({model, team, provider, to_string(record.cost.source)})
        .add(static_cast<std::uint64_t>(record.cost.amount->value));
  }
  if (record.maybe_billed) doubts_.at({provider, model, kMaybeBilled}).add(1);
  if (reported_free_though_paid(record)) zero_costs_.at({provider, model}).add(1);
  if (const auto both = two_opinions(record)) compared(record, ToldBy::answer, *both);
}

void Shard::compared(const UsageRecord& record, ToldBy by, const TwoOpinions& both) {
  const LabelValues<3> labels{record.provider.view(), record.model.view(), to_string(by)};
  compared_priced_.at(labels).add(static_cast<std::uint64_t>(both.priced.value));
  compared_reported_.at(labels).add(static_cast<std::uint64_t>(both.reported.value));
}

void Shard::request(const RequestSummary& summary) {
  const std::string_view model = summary.model.view();
  const std::string_view provider = summary.provider.view();

  requests_.at({model, summary.team.view(), provider, summary.outcome}).add(1);
  durations_.at({provider, model, summary.outcome}).add(summary.duration);
  if (summary.first_token) first_tokens_.at({provider, model}).add(*summary.first_token);
  overhead_.add(summary.overhead);
  if (!summary.hedge.empty()) hedges_.at({model, summary.hedge}).add(1);
  if (!summary.rescue.empty()) rescues_.at({model, summary.rescue}).add(1);
}

void Shard::rejected(config::ErrorCode reason) {
  rejected_[static_cast<std::size_t>(reason)].add(1);
}

}  // namespace gateway::metrics
