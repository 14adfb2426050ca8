#include "gateway/ledger/verify.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/ledger/chain.h"
#include "gateway/ledger/misdated_days.h"
#include "gateway/ledger/record_rows.h"
#include "gateway/ledger/time_cover.h"
#include "gateway/ledger/verify_indexes.h"
#include "gateway/ledger/verify_sums.h"

namespace gateway {
namespace {

using config::Result;

constexpr std::size_t kMostFindings = 20;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

class Verifier {
 public:
  Verifier(sqlite::Database& database, Names names, const VerifyProgress& progress)
      : database_(database), names_(std::move(names)), progress_(progress) {}

  Result<Verdict> run() {
    for (const auto part :
         {&Verifier::structure, &Verifier::chain, &Verifier::indexes, &Verifier::sums}) {
      auto done = (this->*part)();
      if (!done) return done.error();
    }
    return std::move(verdict_);
  }

 private:
  void found(std::string finding) {
    ++verdict_.faults;
    if (verdict_.findings.size() < kMostFindings) verdict_.findings.push_back(std::move(finding));
  }

  // The whole file's pages; then each table against its indexes, but for the records: theirs are
  // compared by indexes(), which reads each in its own order, where SQLite would look up every
  // record in every index.
  Result<void> structure() {
    progress_("the file's structure", "");
    auto done = ask("PRAGMA quick_check(20)");
    if (!done) return done;
    auto tables = database_.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'record'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
    if (!tables) return tables.error();
    for (;;) {
      auto row = tables->step();
      if (!row) return row.error();
      if (!*row) return {};
      done = ask(fmt::format("PRAGMA integrity_check({})", tables->text(0)));
      if (!done) return done;
    }
  }

  Result<void> ask(const std::string& check) {
    auto select = database_.prepare(check);
    if (!select) return select.error();
    for (;;) {
      auto row = select->step();
      if (!row) return row.error();
      if (!*row) return {};
      std::string line(select->text(0));
      std::replace(line.begin(), line.end(), '\n', ' ');
      if (line != "ok") found(fmt::format("the file's structure: {}", line));
    }
  }

  Result<void> chain() {
    auto identity = database_.text("SELECT value FROM meta WHERE name = 'identity'");
    if (!identity) return identity.error();
    config::Sha256 before = first_link(*identity);
    std::int64_t last = 0;
    auto checkpoint =
        database_.prepare("SELECT id, hash, through FROM checkpoint ORDER BY id DESC LIMIT 1");
    if (!checkpoint) return checkpoint.error();
    auto row = checkpoint->step();
    if (!row) return row.error();
    if (*row) {
      last = checkpoint->integer(0);
      through_ = checkpoint->integer(2);
      const std::string_view hash = checkpoint->blob(1);
      if (hash.size() == before.size()) std::copy(hash.begin(), hash.end(), before.begin());
    }
    verdict_.removed = last;
    auto wide = database_.integer(
        fmt::format("SELECT CAST(ifnull((SELECT value FROM meta WHERE name = '{}'), 0) AS INTEGER)",
                    kCompactAfter));
    if (!wide) return wide.error();
    last_wide_ = *wide;
    auto walked = walk(last, before);
    if (!walked) return walked.error();
    return head(last, before);
  }

  // Goes on with the hash that is stored, so that one changed record is one finding.
  Result<void> walk(std::int64_t& last, config::Sha256& before) {
    constexpr std::int64_t kTellEvery = 10'000;
    auto select = prepare_select(database_, "ORDER BY r.id");
    if (!select) return select.error();
    for (;;) {
      auto row = select->step();
      if (!row) return row.error();
      if (!*row) return {};
      expected_indexes_.add_record(*select);
      auto read = read_row(*select, names_);
      if (!read) {
        found(read.error().detail);
        last = select->integer(0);
        continue;
      }
      if (++verdict_.records % kTellEvery == 0) {
        progress_("the chain", fmt::format("{} records", verdict_.records));
      }
      if (read->id != last + 1) {
        found(read->id == last + 2
                  ? fmt::format("record {} is missing", last + 1)
                  : fmt::format("records {} to {} are missing", last + 1, read->id - 1));
      } else if (next_link(before, read->record, read->revision, form_of(read->id)) != read->hash) {
        found(fmt::format("record {} (request {}, attempt {}) is not as it was written", read->id,
                          read->record.request, read->record.attempt));
      }
      last = read->id;
      before = read->hash;
    }
  }

  LinkForm form_of(std::int64_t id) const {
    return id <= last_wide_ ? LinkForm::wide : LinkForm::compact;
  }

  Result<void> head(std::int64_t last, const config::Sha256& hash) {
    auto head = database_.text("SELECT ifnull((SELECT value FROM meta WHERE name = 'head'), '')");
    if (!head) return head.error();
    if (last == 0 && head->empty()) return {};
    const std::string expected = fmt::format("{} {}", last, config::to_hex(hash));
    if (*head == expected) return {};
    found(fmt::format("the chain ends with record {}, and should end with record {}{}", last,
                      head->substr(0, head->find(' ')),
                      head->starts_with(fmt::format("{} ", last)) ? ", another one" : ""));
    return {};
  }

  Result<void> indexes() {
    progress_("the indexes", "");
    auto there = read_indexes(database_);
    if (!there) return there.error();
    for (std::string& finding : differences(expected_indexes_, *there)) found(std::move(finding));
    return {};
  }

  Result<void> sums() {
    auto misdated = misdated_days(database_);
    if (!misdated) return misdated.error();
    const SumsToVerify what{.through = through_,
                            .misdated = *std::move(misdated),
                            .found = [this](std::string finding) { found(std::move(finding)); },
                            .reached =
                                [this](std::int64_t day) {
                                  const auto at = from_micros(day * kMicrosPerSecond);
                                  progress_("the sums", config::rfc3339(at, "UTC").substr(0, 10));
                                }};
    auto read = verify_sums(database_, names_, what);
    if (!read) return read.error();
    verdict_.sums = *read;
    return {};
  }

  sqlite::Database& database_;
  Names names_;
  const VerifyProgress& progress_;
  IndexesOfRecords expected_indexes_;
  std::int64_t through_ = kNever;
  std::int64_t last_wide_ = 0;  // the last row whose link is of that form
  Verdict verdict_;
};

}  // namespace

Result<Verdict> verify(sqlite::Database& reader, const VerifyProgress& progress) {
  auto transaction = sqlite::Transaction::begin(reader, sqlite::Transaction::Kind::read);
  if (!transaction) return transaction.error();
  auto names = Names::open(reader);
  if (!names) return names.error();
  Verifier verifier(reader, *std::move(names), progress);
  return verifier.run();
}

}  // namespace gateway
