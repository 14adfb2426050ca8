#include <cstdio>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "gateway/cli/commands.h"
#include "gateway/cli/open_ledger.h"
#include "gateway/ledger/export.h"
#include "gateway/ledger/verify.h"

namespace gateway::cli {

namespace {

// One line that is written over, where somebody looks at it.
class ProgressLine {
 public:
  ProgressLine() : shown_(::isatty(STDERR_FILENO) == 1) {}
  ~ProgressLine() {
    if (shown_) fmt::print(stderr, "\r{:{}}\r", "", kWidth);
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void tell(std::string_view part, std::string_view reached) const {
    if (shown_) fmt::print(stderr, "\r{:{}}", fmt::format("Reading {} {}", part, reached), kWidth);
  }

 private:
  static constexpr int kWidth = 60;
  const bool shown_;
};

config::Result<Verdict> verify_showing_progress(sqlite::Database& reader) {
  const ProgressLine line;
  return verify(reader,
                [&](std::string_view part, std::string_view reached) { line.tell(part, reached); });
}

}  // namespace

int ledger_verify(const LedgerOptions& options) {
  auto reader = open_ledger(options);
  if (!reader) return 2;
  const auto verdict = verify_showing_progress(*reader);
  if (!verdict) {
    fmt::print(stderr, "{} {}\n", verdict.error().message, verdict.error().detail);
    return 1;
  }
  for (const std::string& finding : verdict->findings) fmt::print("{}\n", finding);
  const auto shown = static_cast<std::int64_t>(verdict->findings.size());
  if (verdict->faults > shown) fmt::print("and {} more\n", verdict->faults - shown);
  if (verdict->removed > 0) {
    fmt::print("The chain begins behind record {}; those before were replaced by their sums.\n",
               verdict->removed);
  }
  fmt::print(
      "{} records and {} sums read: {}.\n", verdict->records, verdict->sums,
      verdict->sound() ? "all as they were written" : fmt::format("{} wrong", verdict->faults));
  return verdict->sound() ? 0 : 1;
}

int ledger_export(const LedgerOptions& options, const std::string& format) {
  auto reader = open_ledger(options);
  if (!reader) return 2;
  bool written = true;
  const auto line = [&](std::string_view text) {
    written = written && std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  };
  const auto done =
      export_records(*reader, format == "csv" ? ExportFormat::csv : ExportFormat::json, line);
  if (!done) {
    fmt::print(stderr, "{} {}\n", done.error().message, done.error().detail);
    return 1;
  }
  return written && std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace gateway::cli
