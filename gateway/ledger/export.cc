#include "gateway/ledger/export.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/ledger/csv.h"
#include "gateway/ledger/record_rows.h"
#include "providers/wire/json_text.h"

namespace gateway {
namespace {

using config::Result;

// One value of a row: absent, or its text and whether JSON wants quotes around it.
struct Value {
  std::string text;
  bool present = true;
  bool quoted = true;
};
using Field = std::pair<std::string_view, Value>;

Value text(std::string_view value) {
  return {std::string(value), true, true};
}

Value number(std::optional<std::int64_t> value) {
  if (!value) return {"", false, false};
  return {std::to_string(*value), true, false};
}

Value truth(bool value) {
  return {value ? "true" : "false", true, false};
}

Value money(const std::optional<config::PicoUsd>& value) {
  if (!value) return {"", false, true};
  return text(config::to_usd(*value));
}

// RFC 3339 in UTC, to the microsecond.
std::string moment(config::Clock::Wall at) {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t micros = to_micros(at);
  std::string out = config::rfc3339(at, "UTC");
  return fmt::format("{}.{:06}Z", out.substr(0, 19), (micros % kMillion + kMillion) % kMillion);
}

Value client_gone(const std::optional<config::OnClientGone>& what) {
  if (!what) return {"", false, true};
  return text(*what == config::OnClientGone::drain ? "drain" : "cancel");
}

Value tags(const Tags& all) {
  std::string out;
  for (const auto& tag : all) out += (out.empty() ? "" : ",") + tag_text(tag);
  return text(out);
}

std::vector<Field> fields_of(const RecordRow& row) {
  const UsageRecord& record = row.record;
  const providers::Usage& usage = record.usage;
  std::optional<std::int64_t> first_content;
  if (record.first_content) first_content = record.first_content->count();
  return {
      {"id", number(row.id)},
      {"request", text(record.request.view())},
      {"attempt", number(record.attempt)},
      {"revision", number(row.revision)},
      {"started", text(moment(record.started))},
      {"duration_us", number(record.duration.count())},
      {"first_content_us", number(first_content)},
      {"key", text(record.key.view())},
      {"team", text(record.team.view())},
      {"model", text(record.model.view())},
      {"provider", text(record.provider.view())},
      {"target", text(record.target.view())},
      {"upstream_model", text(record.upstream_model)},
      {"upstream_id", text(record.upstream_id)},
      {"operation", text(to_string(record.operation))},
      {"streamed", truth(record.streamed)},
      {"outcome", text(to_string(record.outcome))},
      {"error", record.error ? text(to_string(*record.error)) : Value{"", false, true}},
      {"maybe_billed", truth(record.maybe_billed)},
      {"overrun", truth(record.overrun)},
      {"client_gone", client_gone(record.client_gone)},
      {"tags", tags(record.tags)},
      {"prompt_tokens", number(usage.prompt)},
      {"cached_read_tokens", number(usage.cached_read)},
      {"cached_write_tokens", number(usage.cached_write)},
      {"audio_input_tokens", number(usage.audio_input)},
      {"image_input_tokens", number(usage.image_input)},
      {"completion_tokens", number(usage.completion)},
      {"reasoning_tokens", number(usage.reasoning)},
      {"audio_output_tokens", number(usage.audio_output)},
      {"token_source", text(to_string(usage.tokens))},
      {"usage_suspect", truth(usage.suspect)},
      {"cost_usd", money(record.cost.amount)},
      {"cost_source", text(to_string(record.cost.source))},
      {"priced_usd", money(record.priced)},
      {"reported_usd", money(usage.reported_cost)},
      {"reported_text", text(usage.reported_cost_text)},
      {"price_variant", text(usage.price_variant)},
      {"hash", text(config::to_hex(row.hash))},
  };
}

std::string csv_of(const std::vector<Field>& fields, bool names) {
  std::vector<std::string> out;
  out.reserve(fields.size());
  for (const auto& [name, value] : fields) out.push_back(names ? std::string(name) : value.text);
  return csv_line(out);
}

std::string json_of(const std::vector<Field>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += out.empty() ? '{' : ',';
    providers::append_quoted(out, name);
    out += ':';
    if (!value.present) {
      out += "null";
    } else if (value.quoted) {
      providers::append_quoted(out, value.text);
    } else {
      out += value.text;
    }
  }
  return out + "}\n";
}

}  // namespace

Result<void> export_records(sqlite::Database& reader, ExportFormat format,
                            const std::function<void(std::string_view)>& line) {
  auto transaction = sqlite::Transaction::begin(reader, sqlite::Transaction::Kind::read);
  if (!transaction) return transaction.error();
  auto names = Names::open(reader);
  if (!names) return names.error();
  auto select = prepare_select(reader, "ORDER BY r.id");
  if (!select) return select.error();
  const bool csv = format == ExportFormat::csv;
  if (csv) line(csv_of(fields_of({}), true));
  for (;;) {
    auto found = select->step();
    if (!found) return found.error();
    if (!*found) return {};
    auto row = read_row(*select, *names);
    if (!row) return row.error();
    const auto fields = fields_of(*row);
    line(csv ? csv_of(fields, false) : json_of(fields));
  }
}

}  // namespace gateway
