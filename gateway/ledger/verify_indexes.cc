#include "gateway/ledger/verify_indexes.h"

#include <functional>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace gateway {
namespace {

using config::Result;

std::uint64_t mixed(std::uint64_t x, std::int64_t with) {
  x += static_cast<std::uint64_t>(with) + 0x9E3779B97F4A7C15U;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27) * 0x94D049BB133111EBU;
  return x ^ x >> 31;
}

std::uint64_t start_entry(std::int64_t started, std::int64_t id) {
  return mixed(mixed(0, started), id);
}

// A request's id is text or a blob; texts come first.
struct RequestEntry {
  bool is_blob = false;
  std::string bytes;
  std::int64_t attempt = 0;
  std::int64_t revision = 0;
  friend auto operator<=>(const RequestEntry&, const RequestEntry&) = default;

  void read(const sqlite::Statement& row, int first) {
    is_blob = !row.is_text(first);
    bytes = is_blob ? row.blob(first) : row.text(first);
    attempt = row.integer(first + 1);
    revision = row.integer(first + 2);
  }
  std::uint64_t hash(std::int64_t id) const {
    const auto of_bytes = static_cast<std::int64_t>(std::hash<std::string_view>()(bytes));
    return mixed(mixed(mixed(mixed(is_blob ? 1 : 0, of_bytes), attempt), revision), id);
  }
};

void take(IndexContents& contents, std::uint64_t entry) {
  ++contents.entries;
  contents.sum += entry;
}

// Each query is one that SQLite answers from the index alone.
Result<IndexContents> read_starts(sqlite::Database& reader) {
  auto select = reader.prepare(
      "SELECT started, id FROM record INDEXED BY record_started ORDER BY started, id");
  if (!select) return select.error();
  IndexContents out;
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (;;) {
    auto row = select->step();
    if (!row) return row.error();
    if (!*row) return out;
    const std::int64_t started = select->integer(0);
    take(out, start_entry(started, select->integer(1)));
    out.sorted = out.sorted && started >= last;
    last = started;
  }
}

Result<IndexContents> read_requests(sqlite::Database& reader) {
  auto select = reader.prepare(
      "SELECT request, attempt, revision, id FROM record INDEXED BY sqlite_autoindex_record_1"
      " ORDER BY request, attempt, revision");
  if (!select) return select.error();
  IndexContents out;
  RequestEntry last;
  RequestEntry here;
  for (;;) {
    auto row = select->step();
    if (!row) return row.error();
    if (!*row) return out;
    here.read(*select, 0);
    out.sorted = out.sorted && (out.entries == 0 || last < here);
    take(out, here.hash(select->integer(3)));
    std::swap(last, here);
  }
}

bool same(const IndexContents& expected, const IndexContents& there) {
  return there.sorted && expected.entries == there.entries && expected.sum == there.sum;
}

}  // namespace

void IndexesOfRecords::add_record(const sqlite::Statement& select) {
  const std::int64_t id = select.integer(0);
  RequestEntry request;
  request.read(select, 1);
  take(by_request, request.hash(id));
  take(by_start, start_entry(select.integer(4), id));
}

Result<IndexesOfRecords> read_indexes(sqlite::Database& reader) {
  auto by_start = read_starts(reader);
  if (!by_start) return by_start.error();
  auto by_request = read_requests(reader);
  if (!by_request) return by_request.error();
  return IndexesOfRecords{*by_start, *by_request};
}

std::vector<std::string> differences(const IndexesOfRecords& expected,
                                     const IndexesOfRecords& there) {
  std::vector<std::string> out;
  for (const auto& [wanted, found, by] :
       {std::tuple{&expected.by_start, &there.by_start, "start"},
        std::tuple{&expected.by_request, &there.by_request, "request"}}) {
    if (same(*wanted, *found)) continue;
    out.push_back(fmt::format("the index of records by {} is not that of the records", by));
  }
  return out;
}

}  // namespace gateway
