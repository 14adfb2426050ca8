#pragma once
// UsageRecords as rows of the table `record`, both ways. Beside one Database, on its thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "config/base/sha256.h"
#include "gateway/ledger/names.h"
#include "gateway/ledger/packed_id.h"
#include "gateway/ledger/sqlite/database.h"
#include "gateway/ledger/usage_record.h"

namespace gateway {

struct RecordRow {
  std::int64_t id = 0;
  std::int64_t revision = 0;  // 0: as first written; n: its n-th correction
  UsageRecord record;
  config::Sha256 hash{};
};

std::int64_t to_micros(config::Clock::Wall at);
config::Clock::Wall from_micros(std::int64_t micros);

// A request's id as it is stored: ours, 32 hexadecimal digits, in half the bytes.
using StoredRequest = std::variant<sqlite::Blob, std::string_view>;
class RequestKey {
 public:
  // `request` outlives it.
  explicit RequestKey(const config::RequestId& request);
  RequestKey(const RequestKey&) = delete;
  RequestKey& operator=(const RequestKey&) = delete;
  const StoredRequest& stored() const { return stored_; }

 private:
  std::optional<PackedId> packed_;
  StoredRequest stored_;
};

// Back, of the row that stands ready.
config::RequestId read_request(const sqlite::Statement& select, int column);

// The series a record belongs to, `tag` left at the empty name's number.
config::Result<SeriesKey> series_key(Names& names, const UsageRecord& record);

// INSERT … ON CONFLICT DO NOTHING for one row.
config::Result<sqlite::Statement> prepare_insert(sqlite::Database& database);
// True: it is new. False: one of the same request, attempt and revision is there.
config::Result<bool> insert_row(sqlite::Database& database, sqlite::Statement& insert, Names& names,
                                std::int64_t series, const RecordRow& row);

// SELECT of whole rows, `rest` being what follows FROM … (`r` is the record).
config::Result<sqlite::Statement> prepare_select(sqlite::Database& database, std::string_view rest);
// Of the row that stands ready.
config::Result<RecordRow> read_row(const sqlite::Statement& select, Names& names);

}  // namespace gateway
