#include "gateway/ledger/chain.h"

#include <array>
#include <chrono>
#include <optional>

#include "gateway/ledger/packed_id.h"

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

void append_wide(std::string& out, const UsageRecord& record, std::int64_t revision) {
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

// Seven bits to a byte, the lowest first, each but the last with the eighth set.
void put_number(std::string& out, std::uint64_t value) {
  std::array<char, 10> bytes;
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes.data(), size);
}

// 0, -1, 1, -2, …: small ones stay short.
void put_integer(std::string& out, std::int64_t value) {
  put_number(out,
             (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

// Says by one bit each which of some values are there, before those that are.
class Presence {
 public:
  void add(std::optional<std::int64_t> value) {
    bits_ |= std::uint64_t{value.has_value()} << count_++;
    if (value) values_[there_++] = *value;
  }
  void add(std::optional<config::PicoUsd> value) {
    add(value ? std::optional(value->value) : std::nullopt);
  }
  void put(std::string& out) const {
    put_number(out, bits_);
    for (std::size_t i = 0; i < there_; ++i) put_integer(out, values_[i]);
  }

 private:
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
  std::array<std::int64_t, 16> values_;
  std::size_t there_ = 0;
};

void append_compact(std::string& out, const UsageRecord& record, std::int64_t revision) {
  using std::chrono::microseconds;
  const auto ours = packed(record.request.view());
  out += ours ? '\1' : '\0';
  if (ours) {
    out.append(ours->data(), ours->size());
  } else {
    put_text(out, record.request.view());
  }
  const providers::Usage& usage = record.usage;
  for (const std::string_view text :
       {record.key.view(), record.team.view(), record.model.view(), record.provider.view(),
        record.target.view(), std::string_view(record.upstream_model),
        std::string_view(record.upstream_id),
        // By name: the enumeration may gain members anywhere.
        record.error ? to_string(*record.error) : std::string_view(),
        std::string_view(usage.reported_cost_text), std::string_view(usage.price_variant)}) {
    put_text(out, text);
  }
  put_number(out, record.tags.size());
  for (const auto& [name, value] : record.tags) {
    put_text(out, name);
    put_text(out, value);
  }
  put_number(out, (record.streamed ? 1U : 0U) | (record.maybe_billed ? 2U : 0U) |
                      (record.overrun ? 4U : 0U) | (usage.suspect ? 8U : 0U));
  for (const auto choice :
       {static_cast<std::int64_t>(record.operation), static_cast<std::int64_t>(record.outcome),
        static_cast<std::int64_t>(usage.tokens), static_cast<std::int64_t>(record.cost.source)}) {
    put_integer(out, choice);
  }
  put_integer(out, record.attempt);
  put_integer(out, revision);
  put_integer(out, std::chrono::floor<microseconds>(record.started.time_since_epoch()).count());
  put_integer(out, record.duration.count());
  Presence maybe;
  for (const auto& count :
       {usage.prompt, usage.cached_read, usage.cached_write, usage.audio_input, usage.image_input,
        usage.completion, usage.reasoning, usage.audio_output}) {
    maybe.add(count);
  }
  maybe.add(usage.reported_cost);
  maybe.add(record.cost.amount);
  maybe.add(record.priced);
  maybe.add(record.client_gone ? std::optional(static_cast<std::int64_t>(*record.client_gone))
                               : std::nullopt);
  maybe.add(record.first_content ? std::optional<std::int64_t>(record.first_content->count())
                                 : std::nullopt);
  maybe.put(out);
}

}  // namespace

void append_canonical(std::string& out, const UsageRecord& record, std::int64_t revision,
                      LinkForm form) {
  if (form == LinkForm::wide) return append_wide(out, record, revision);
  append_compact(out, record, revision);
}

config::Sha256 first_link(std::string_view ledger_identity) {
  return config::sha256(ledger_identity);
}

config::Sha256 next_link(const config::Sha256& before, const UsageRecord& record,
                         std::int64_t revision, LinkForm form) {
  constexpr std::size_t kUsually = 512;
  std::string bytes;
  bytes.reserve(kUsually);
  bytes.append(reinterpret_cast<const char*>(before.data()), before.size());
  append_canonical(bytes, record, revision, form);
  return config::sha256(bytes);
}

}  // namespace gateway
