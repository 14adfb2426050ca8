#include "gateway/ledger/chain.h"

#include <chrono>
#include <optional>

namespace gateway {
namespace {

void put(std::string& out, std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, rest >>= 8) out += static_cast<char>(rest & 0xff);
}

void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::int64_t>(text.size()));
  out += text;
}

void put(std::string& out, std::optional<std::int64_t> value) {
  out += value ? '\1' : '\0';
  if (value) put(out, *value);
}

void put(std::string& out, std::optional<config::PicoUsd> value) {
  put(out, value ? std::optional(value->value) : std::nullopt);
}

void put(std::string& out, bool value) {
  out += value ? '\1' : '\0';
}

template <class Enumeration>
  requires std::is_enum_v<Enumeration>
void put(std::string& out, Enumeration value) {
  put(out, static_cast<std::int64_t>(value));
}

void put(std::string& out, const providers::Usage& usage) {
  for (const auto& count :
       {usage.prompt, usage.cached_read, usage.cached_write, usage.audio_input, usage.image_input,
        usage.completion, usage.reasoning, usage.audio_output}) {
    put(out, count);
  }
  put(out, usage.tokens);
  put(out, usage.reported_cost);
  put(out, std::string_view(usage.reported_cost_text));
  put(out, std::string_view(usage.price_variant));
  put(out, usage.suspect);
}

}  // namespace

void append_canonical(std::string& out, const UsageRecord& record, std::int64_t revision) {
  using std::chrono::microseconds;
  for (const std::string_view text :
       {record.request.view(), record.key.view(), record.team.view(), record.model.view(),
        record.provider.view(), record.target.view(), std::string_view(record.upstream_model),
        std::string_view(record.upstream_id)}) {
    put(out, text);
  }
  put(out, std::int64_t{record.attempt});
  put(out, revision);
  put(out, record.operation);
  put(out, record.streamed);
  put(out, record.outcome);
  put(out, record.maybe_billed);
  // By name: the enumeration may gain members anywhere.
  put(out, record.error ? to_string(*record.error) : std::string_view());
  put(out, record.usage);
  put(out, record.cost.amount);
  put(out, record.cost.source);
  put(out, record.priced);
  put(out, record.overrun);
  put(out, record.client_gone ? std::optional(static_cast<std::int64_t>(*record.client_gone))
                              : std::nullopt);
  put(out, static_cast<std::int64_t>(record.tags.size()));
  for (const auto& [name, value] : record.tags) {
    put(out, std::string_view(name));
    put(out, std::string_view(value));
  }
  put(out, std::chrono::floor<microseconds>(record.started.time_since_epoch()).count());
  put(out, record.duration.count());
  put(out, record.first_content ? std::optional<std::int64_t>(record.first_content->count())
                                : std::nullopt);
}

config::Sha256 first_link(std::string_view ledger_identity) {
  return config::sha256(ledger_identity);
}

config::Sha256 next_link(const config::Sha256& before, const UsageRecord& record,
                         std::int64_t revision) {
  std::string bytes(reinterpret_cast<const char*>(before.data()), before.size());
  append_canonical(bytes, record, revision);
  return config::sha256(bytes);
}

}  // namespace gateway
