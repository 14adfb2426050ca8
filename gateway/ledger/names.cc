#include "gateway/ledger/names.h"

#include <utility>

#include <fmt/format.h>

namespace gateway {
namespace {

using config::Result;

constexpr std::size_t kMostKept = 200'000;

// What separates tags and their halves, where it is part of them.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '=' || c == '\n') {
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view code = text.substr(at, 3);
    const char meant = code == "%25" ? '%' : code == "%3D" ? '=' : code == "%0A" ? '\n' : '\0';
    out += meant != '\0' ? meant : text[at];
    if (meant != '\0') at += 2;
  }
  return out;
}

}  // namespace

Result<Names> Names::open(sqlite::Database& database) {
  auto find = database.prepare("SELECT id FROM name WHERE text = ?1");
  if (!find) return find.error();
  auto insert = database.prepare("INSERT INTO name (text) VALUES (?1)");
  if (!insert) return insert.error();
  auto text = database.prepare("SELECT text FROM name WHERE id = ?1");
  if (!text) return text.error();
  auto find_series = database.prepare(
      "SELECT id FROM series WHERE tag = ?1 AND key = ?2 AND team = ?3 AND model = ?4"
      " AND provider = ?5 AND target = ?6");
  if (!find_series) return find_series.error();
  auto insert_series = database.prepare(
      "INSERT INTO series (tag, key, team, model, provider, target)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!insert_series) return insert_series.error();
  return Names(database, *std::move(find), *std::move(insert), *std::move(text),
               *std::move(find_series), *std::move(insert_series));
}

Result<std::optional<std::int64_t>> Names::find(std::string_view text) {
  if (const auto known = numbers_.find(text); known != numbers_.end()) {
    return std::optional(known->second);
  }
  auto row = find_.with(text).step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::int64_t>();
  const std::int64_t id = find_.integer(0);
  find_.reset();
  if (numbers_.size() >= kMostKept) numbers_.clear();
  numbers_.emplace(text, id);
  return std::optional(id);
}

Result<std::int64_t> Names::number(std::string_view text) {
  auto known = find(text);
  if (!known) return known.error();
  if (const std::optional<std::int64_t>& there = *known; there) return *there;
  auto made = insert_.with(text).run();
  if (!made) return made.error();
  const std::int64_t id = database_->last_insert_id();
  numbers_.emplace(text, id);
  return id;
}

Result<std::optional<std::int64_t>> Names::find_series(const SeriesKey& key) {
  if (const auto known = series_.find(key); known != series_.end()) {
    return std::optional(known->second);
  }
  auto row = find_series_.with(key[0], key[1], key[2], key[3], key[4], key[5]).step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::int64_t>();
  const std::int64_t id = find_series_.integer(0);
  find_series_.reset();
  if (series_.size() >= kMostKept) series_.clear();
  series_.emplace(key, id);
  return std::optional(id);
}

Result<std::int64_t> Names::series(const SeriesKey& key) {
  auto known = find_series(key);
  if (!known) return known.error();
  if (const std::optional<std::int64_t>& there = *known; there) return *there;
  auto made = insert_series_.with(key[0], key[1], key[2], key[3], key[4], key[5]).run();
  if (!made) return made.error();
  const std::int64_t id = database_->last_insert_id();
  series_.emplace(key, id);
  return id;
}

Result<std::string> Names::text(std::int64_t number) {
  if (const auto known = texts_.find(number); known != texts_.end()) return known->second;
  auto row = text_.with(number).step();
  if (!row) return row.error();
  if (!*row) {
    return config::failure(config::ErrorCode::internal, "The ledger is damaged.",
                           fmt::format("no name has the number {}", number));
  }
  std::string found(text_.text(0));
  text_.reset();
  if (texts_.size() >= kMostKept) texts_.clear();
  texts_.emplace(number, found);
  return found;
}

void Names::forget() {
  numbers_.clear();
  texts_.clear();
  series_.clear();
}

std::string tag_text(const Tag& tag) {
  return tag.second.empty() ? escaped(tag.first) : escaped(tag.first) + '=' + escaped(tag.second);
}

std::string tags_text(const Tags& tags) {
  std::string out;
  for (const auto& tag : tags) out += tag_text(tag) + '\n';
  return out;
}

Tags parse_tags(std::string_view text) {
  Tags out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const std::size_t middle = line.find('=');
    out.emplace_back(unescaped(line.substr(0, middle)),
                     middle == std::string_view::npos ? "" : unescaped(line.substr(middle + 1)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

}  // namespace gateway
