#include "gateway/ledger/record_rows.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace gateway {
namespace {

using config::PicoUsd;
using config::Result;
using std::chrono::microseconds;

// Stored as numbers: they stay what they are.
static_assert(static_cast<int>(providers::Operation::embeddings) == 2);
static_assert(static_cast<int>(Outcome::interrupted) == 5);
static_assert(static_cast<int>(providers::Source::unknown) == 3);
static_assert(static_cast<int>(config::OnClientGone::drain) == 1);

constexpr int kLastOperation = static_cast<int>(providers::Operation::embeddings);
constexpr int kLastOutcome = static_cast<int>(Outcome::interrupted);
constexpr int kLastSource = static_cast<int>(providers::Source::unknown);
constexpr int kLastClientGone = static_cast<int>(config::OnClientGone::drain);

config::Error damaged(std::int64_t id, std::string_view what) {
  return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                         fmt::format("record {}: {} makes no sense", id, what));
}

// Nothing where the number means nothing: a damaged row must not become a wild value.
template <class Enumeration>
std::optional<Enumeration> known(std::int64_t number, int last) {
  if (number < 0 || number > last) return std::nullopt;
  return static_cast<Enumeration>(number);
}

std::optional<config::ErrorCode> error_named(std::string_view name) {
  for (const config::ErrorShape& shape : config::kErrorShapes) {
    if (to_string(shape.code) == name) return shape.code;
  }
  return std::nullopt;
}

std::optional<std::int64_t> number(const std::optional<PicoUsd>& amount) {
  return amount ? std::optional(amount->value) : std::nullopt;
}

std::optional<PicoUsd> money(std::optional<std::int64_t> number) {
  return number ? std::optional(PicoUsd{*number}) : std::nullopt;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

std::int64_t to_micros(config::Clock::Wall at) {
  return std::chrono::floor<microseconds>(at.time_since_epoch()).count();
}

config::Clock::Wall from_micros(std::int64_t micros) {
  return config::Clock::Wall(
      std::chrono::duration_cast<config::Clock::Wall::duration>(microseconds(micros)));
}

RequestKey::RequestKey(const config::RequestId& request)
    : packed_(packed(request.view())), stored_(request.view()) {
  if (packed_) stored_ = sqlite::Blob{{packed_->data(), packed_->size()}};
}

Result<SeriesKey> series_key(Names& names, const UsageRecord& record) {
  SeriesKey key{};
  const std::string_view texts[] = {"",
                                    record.key.view(),
                                    record.team.view(),
                                    record.model.view(),
                                    record.provider.view(),
                                    record.target.view()};
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto id = names.number(texts[i]);
    if (!id) return id.error();
    key[i] = *id;
  }
  return key;
}

Result<sqlite::Statement> prepare_insert(sqlite::Database& database) {
  return database.prepare(
      "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
      " ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31,"
      " ?32, ?33, ?34, ?35) ON CONFLICT (request, attempt, revision) DO NOTHING");
}

Result<bool> insert_row(sqlite::Database& database, sqlite::Statement& insert, Names& names,
                        std::int64_t series, const RecordRow& row) {
  const UsageRecord& record = row.record;
  std::optional<std::int64_t> error;
  if (record.error) {
    auto named = names.number(to_string(*record.error));
    if (!named) return named.error();
    error = *named;
  }
  auto upstream_model = names.number(record.upstream_model);
  if (!upstream_model) return upstream_model.error();
  auto tags = names.number(tags_text(record.tags));
  if (!tags) return tags.error();
  auto variant = names.number(record.usage.price_variant);
  if (!variant) return variant.error();
  std::optional<std::int64_t> first_content;
  if (record.first_content) first_content = record.first_content->count();
  std::optional<int> client_gone;
  if (record.client_gone) client_gone = static_cast<int>(*record.client_gone);

  const RequestKey request(record.request);
  const providers::Usage& usage = record.usage;
  const std::string_view hash(reinterpret_cast<const char*>(row.hash.data()), row.hash.size());
  auto inserted = insert.run_with(
      row.id, request.stored(), record.attempt, row.revision, series, to_micros(record.started),
      record.duration.count(), first_content, static_cast<int>(record.operation), record.streamed,
      static_cast<int>(record.outcome), record.maybe_billed, error, record.overrun, client_gone,
      *upstream_model, record.upstream_id, *tags, usage.prompt, usage.cached_read,
      usage.cached_write, usage.audio_input, usage.image_input, usage.completion, usage.reasoning,
      usage.audio_output, static_cast<int>(usage.tokens), usage.suspect,
      number(usage.reported_cost), usage.reported_cost_text, *variant, number(record.cost.amount),
      static_cast<int>(record.cost.source), number(record.priced), sqlite::Blob{hash});
  if (!inserted) return inserted.error();
  return database.changes() > 0;
}

Result<sqlite::Statement> prepare_select(sqlite::Database& database, std::string_view rest) {
  return database.prepare(fmt::format(
      "SELECT r.id, r.request, r.attempt, r.revision, r.started, r.duration, r.first_content,"
      " r.operation, r.streamed, r.outcome, r.maybe_billed, r.error, r.overrun, r.client_gone,"
      " r.upstream_model, r.upstream_id, r.tags, r.prompt, r.cached_read, r.cached_write,"
      " r.audio_input, r.image_input, r.completion, r.reasoning, r.audio_output,"
      " r.token_source, r.suspect, r.reported_cost, r.reported_cost_text, r.price_variant,"
      " r.cost, r.cost_source, r.priced, r.hash,"
      " s.key, s.team, s.model, s.provider, s.target"
      " FROM record r JOIN series s ON s.id = r.series {}",
      rest));
}

config::RequestId read_request(const sqlite::Statement& select, int column) {
  return config::RequestId(select.is_text(column) ? std::string(select.text(column))
                                                  : hexadecimal(select.blob(column)));
}

Result<RecordRow> read_row(const sqlite::Statement& select, Names& names) {
  RecordRow row;
  UsageRecord& record = row.record;
  int at = 0;
  row.id = select.integer(at++);
  record.request = read_request(select, at++);
  record.attempt = static_cast<int>(select.integer(at++));
  row.revision = select.integer(at++);
  record.started = from_micros(select.integer(at++));
  record.duration = microseconds(select.integer(at++));
  if (const auto first = select.maybe_integer(at++)) record.first_content = microseconds(*first);
  const auto operation = known<providers::Operation>(select.integer(at++), kLastOperation);
  if (!operation) return damaged(row.id, "its operation");
  record.operation = *operation;
  record.streamed = select.integer(at++) != 0;
  const auto outcome = known<Outcome>(select.integer(at++), kLastOutcome);
  if (!outcome) return damaged(row.id, "its outcome");
  record.outcome = *outcome;
  record.maybe_billed = select.integer(at++) != 0;
  if (const auto error = select.maybe_integer(at++)) {
    auto name = names.text(*error);
    if (!name) return name.error();
    record.error = error_named(*name);
    if (!record.error) return damaged(row.id, "its error");
  }
  record.overrun = select.integer(at++) != 0;
  if (const auto gone = select.maybe_integer(at++)) {
    record.client_gone = known<config::OnClientGone>(*gone, kLastClientGone);
    if (!record.client_gone) return damaged(row.id, "what became of its client");
  }
  auto upstream_model = names.text(select.integer(at++));
  if (!upstream_model) return upstream_model.error();
  record.upstream_model = *std::move(upstream_model);
  record.upstream_id = select.text(at++);
  auto tags = names.text(select.integer(at++));
  if (!tags) return tags.error();
  record.tags = parse_tags(*tags);

  providers::Usage& usage = record.usage;
  for (auto* count :
       {&usage.prompt, &usage.cached_read, &usage.cached_write, &usage.audio_input,
        &usage.image_input, &usage.completion, &usage.reasoning, &usage.audio_output}) {
    *count = select.maybe_integer(at++);
  }
  const auto tokens = known<providers::Source>(select.integer(at++), kLastSource);
  if (!tokens) return damaged(row.id, "the source of its tokens");
  usage.tokens = *tokens;
  usage.suspect = select.integer(at++) != 0;
  usage.reported_cost = money(select.maybe_integer(at++));
  usage.reported_cost_text = select.text(at++);
  auto variant = names.text(select.integer(at++));
  if (!variant) return variant.error();
  usage.price_variant = *std::move(variant);
  record.cost.amount = money(select.maybe_integer(at++));
  const auto source = known<providers::Source>(select.integer(at++), kLastSource);
  if (!source) return damaged(row.id, "the source of its cost");
  record.cost.source = *source;
  record.priced = money(select.maybe_integer(at++));

  const std::string_view hash = select.blob(at++);
  if (hash.size() != row.hash.size()) return damaged(row.id, "its hash");
  std::copy(hash.begin(), hash.end(), row.hash.begin());

  std::string texts[5];
  for (std::string& text : texts) {
    auto name = names.text(select.integer(at++));
    if (!name) return name.error();
    text = *std::move(name);
  }
  record.key = config::KeyName(std::move(texts[0]));
  record.team = config::TeamName(std::move(texts[1]));
  record.model = config::ModelName(std::move(texts[2]));
  record.provider = config::ProviderName(std::move(texts[3]));
  record.target = config::TargetName(std::move(texts[4]));
  return row;
}

}  // namespace gateway
