#include "gateway/ledger/record_codec.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace gateway {
namespace {

using config::PicoUsd;
using std::chrono::microseconds;

enum class Type : std::uint8_t { hold = 1, extend = 2, record = 3 };
constexpr std::uint8_t kVersion = 1;

constexpr std::size_t kLongestNumber = 10;  // 64 bits, seven to a byte
// A record beyond its hold's texts: type, version, flags and every number at its longest.
constexpr std::size_t kRecordNumbers = 4 + 24 * kLongestNumber;
constexpr std::size_t kRecordTexts = 5 * (kLongestNumber + kLongestUpstreamText);

// Numbers are seven bits a byte, lowest first; signed ones alternate (0, -1, 1, -2, …) so
// that small ones stay short.
class Output {
 public:
  explicit Output(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  void integer(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  template <class E>
  void choice(E value) {
    byte(static_cast<std::uint8_t>(value));
  }
  void maybe(std::optional<std::int64_t> value) {
    byte(value.has_value());
    if (value) integer(*value);
  }
  void maybe(std::optional<PicoUsd> value) {
    byte(value.has_value());
    if (value) integer(value->value);
  }

 private:
  std::string& out_;
};

class Input {
 public:
  explicit Input(std::string_view bytes) : left_(bytes) {}

  // False once anything read was not there or not what it must be; what is read after
  // that is zero and empty.
  bool good() const { return good_; }
  bool whole() const { return good_ && left_.empty(); }

  std::uint8_t byte() {
    if (left_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      if (shift == 63 && next > 1) return fail();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    return fail();
  }
  std::int64_t integer() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  int small() {
    const std::int64_t value = integer();
    if (value < 0 || value > std::numeric_limits<int>::max()) return fail();
    return static_cast<int>(value);
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > left_.size()) {
      fail();
      return {};
    }
    std::string value(left_.substr(0, size));
    left_.remove_prefix(size);
    return value;
  }
  bool truth() {
    const std::uint8_t value = byte();
    if (value > 1) fail();
    return value == 1;
  }
  template <class E>
  E choice(E last) {
    const std::uint8_t value = byte();
    if (value > static_cast<std::uint8_t>(last)) fail();
    return good_ ? static_cast<E>(value) : E{};
  }
  std::optional<std::int64_t> maybe() {
    if (!truth()) return std::nullopt;
    return integer();
  }
  std::optional<PicoUsd> maybe_money() {
    if (!truth()) return std::nullopt;
    return PicoUsd{integer()};
  }

 private:
  std::uint8_t fail() {
    good_ = false;
    left_ = {};
    return 0;
  }

  std::string_view left_;
  bool good_ = true;
};

std::string_view cut(std::string_view text) {
  if (text.size() <= kLongestUpstreamText) return text;
  std::size_t end = kLongestUpstreamText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void write_tags(Output& out, const Tags& tags) {
  out.number(tags.size());
  for (const auto& [name, value] : tags) {
    out.text(name);
    out.text(value);
  }
}

Tags read_tags(Input& in) {
  Tags tags;
  for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
    std::string name = in.text();
    tags.emplace_back(std::move(name), in.text());
  }
  return tags;
}

// What a hold and a record begin with alike.
template <class T>
void write_attempt(Output& out, const T& attempt) {
  out.text(attempt.request.view());
  out.integer(attempt.attempt);
  out.text(attempt.key.view());
  out.text(attempt.team.view());
  out.text(attempt.model.view());
  out.text(attempt.provider.view());
  out.text(attempt.target.view());
  out.choice(attempt.operation);
  out.byte(attempt.streamed);
  write_tags(out, attempt.tags);
  out.integer(attempt.started.time_since_epoch().count());
}

template <class T>
void read_attempt(Input& in, T& attempt) {
  attempt.request = config::RequestId(in.text());
  attempt.attempt = in.small();
  attempt.key = config::KeyName(in.text());
  attempt.team = config::TeamName(in.text());
  attempt.model = config::ModelName(in.text());
  attempt.provider = config::ProviderName(in.text());
  attempt.target = config::TargetName(in.text());
  attempt.operation = in.choice(providers::Operation::embeddings);
  attempt.streamed = in.truth();
  attempt.tags = read_tags(in);
  attempt.started = config::Clock::Wall(config::Clock::Wall::duration(in.integer()));
}

void write_usage(Output& out, const providers::Usage& usage) {
  out.maybe(usage.prompt);
  out.maybe(usage.cached_read);
  out.maybe(usage.cached_write);
  out.maybe(usage.audio_input);
  out.maybe(usage.image_input);
  out.maybe(usage.completion);
  out.maybe(usage.reasoning);
  out.maybe(usage.audio_output);
  out.choice(usage.tokens);
  out.maybe(usage.reported_cost);
  out.text(cut(usage.reported_cost_text));
  out.text(cut(usage.price_variant));
  out.byte(usage.suspect);
}

providers::Usage read_usage(Input& in) {
  providers::Usage usage;
  usage.prompt = in.maybe();
  usage.cached_read = in.maybe();
  usage.cached_write = in.maybe();
  usage.audio_input = in.maybe();
  usage.image_input = in.maybe();
  usage.completion = in.maybe();
  usage.reasoning = in.maybe();
  usage.audio_output = in.maybe();
  usage.tokens = in.choice(providers::Source::unknown);
  usage.reported_cost = in.maybe_money();
  usage.reported_cost_text = in.text();
  usage.price_variant = in.text();
  usage.suspect = in.truth();
  return usage;
}

// By name: the enumeration gains members in its middle, and a journal may be read by a
// later version than wrote it.
std::optional<config::ErrorCode> error_named(std::string_view name) {
  for (const config::ErrorShape& shape : config::kErrorShapes) {
    if (config::to_string(shape.code) == name) return shape.code;
  }
  return std::nullopt;
}

Hold read_hold(Input& in) {
  Hold hold;
  read_attempt(in, hold);
  hold.reserved = in.maybe_money();
  hold.prompt_tokens = in.integer();
  return hold;
}

Extend read_extend(Input& in) {
  Extend extend;
  extend.request = config::RequestId(in.text());
  extend.attempt = in.small();
  extend.reserved = in.maybe_money();
  return extend;
}

UsageRecord read_record(Input& in) {
  UsageRecord record;
  read_attempt(in, record);
  record.upstream_model = in.text();
  record.upstream_id = in.text();
  record.outcome = in.choice(Outcome::interrupted);
  record.maybe_billed = in.truth();
  if (const std::string name = in.text(); !name.empty()) {
    record.error = error_named(name).value_or(config::ErrorCode::internal);
  }
  record.usage = read_usage(in);
  record.cost.amount = in.maybe_money();
  record.cost.source = in.choice(providers::Source::unknown);
  record.priced = in.maybe_money();
  record.overrun = in.truth();
  if (in.truth()) record.client_gone = in.choice(config::OnClientGone::drain);
  record.duration = microseconds(in.integer());
  if (const auto first = in.maybe()) record.first_content = microseconds(*first);
  return record;
}

}  // namespace

void encode(const Hold& hold, std::string& bytes) {
  Output out(bytes);
  out.choice(Type::hold);
  out.byte(kVersion);
  write_attempt(out, hold);
  out.maybe(hold.reserved);
  out.integer(hold.prompt_tokens);
}

void encode(const Extend& extend, std::string& bytes) {
  Output out(bytes);
  out.choice(Type::extend);
  out.byte(kVersion);
  out.text(extend.request.view());
  out.integer(extend.attempt);
  out.maybe(extend.reserved);
}

void encode(const UsageRecord& record, std::string& bytes) {
  Output out(bytes);
  out.choice(Type::record);
  out.byte(kVersion);
  write_attempt(out, record);
  out.text(cut(record.upstream_model));
  out.text(cut(record.upstream_id));
  out.choice(record.outcome);
  out.byte(record.maybe_billed);
  out.text(record.error ? config::to_string(*record.error) : "");
  write_usage(out, record.usage);
  out.maybe(record.cost.amount);
  out.choice(record.cost.source);
  out.maybe(record.priced);
  out.byte(record.overrun);
  out.byte(record.client_gone.has_value());
  if (record.client_gone) out.choice(*record.client_gone);
  out.integer(record.duration.count());
  std::optional<std::int64_t> first;
  if (record.first_content) first = record.first_content->count();
  out.maybe(first);
}

std::size_t longest_record(const Hold& hold) {
  const std::string_view texts[] = {hold.request.view(), hold.key.view(),      hold.team.view(),
                                    hold.model.view(),   hold.provider.view(), hold.target.view()};
  std::size_t size = kRecordNumbers + kRecordTexts;
  for (const std::string_view text : texts) size += kLongestNumber + text.size();
  for (const auto& [name, value] : hold.tags) {
    size += 2 * kLongestNumber + name.size() + value.size();
  }
  return size;
}

std::optional<JournalEntry> decode(std::string_view bytes) {
  Input in(bytes);
  const std::uint8_t type = in.byte();
  if (in.byte() != kVersion) return std::nullopt;
  std::optional<JournalEntry> entry;
  if (type == static_cast<std::uint8_t>(Type::hold)) entry = read_hold(in);
  if (type == static_cast<std::uint8_t>(Type::extend)) entry = read_extend(in);
  if (type == static_cast<std::uint8_t>(Type::record)) entry = read_record(in);
  if (!in.whole()) return std::nullopt;
  return entry;
}

}  // namespace gateway
