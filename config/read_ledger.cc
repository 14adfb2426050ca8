#include <fmt/format.h>

#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {
namespace {

constexpr milliseconds kShortest{1'000};

Reconcile read_reconcile(const YamlNode& node) {
  Reconcile out;
  YamlMap map(node);
  const YamlNode every = map.get("every");
  read_duration_or_off(every, out.every, kShortest);
  const YamlNode within = map.get("within");
  read_duration(within, out.within, kShortest);
  if (out.within < 2 * out.every) {
    (within ? within : every)
        .problem(
            "`within` must be twice `every` at least, or attempts grow too old between two passes");
  }
  return out;
}

}  // namespace

Ledger read_ledger(const YamlNode& node, const Surroundings& around) {
  constexpr std::size_t kMiB = 1024UL * 1024;
  static constexpr std::pair<std::string_view, JournalMode> kModes[] = {
      {"process", JournalMode::process}, {"power", JournalMode::power}};
  Ledger out;
  YamlMap map(node);
  read_line(map.get("database"), out.database);
  read_line(map.get("journal"), out.journal);
  read_word(map.get("mode"), out.mode, kModes);
  read_bytes(map.get("journal_bytes"), out.journal_bytes, kMiB, 1024 * 1024 * kMiB);
  read_whole(map.get("keep_days"), out.keep_days, 1, 36'500);
  out.reconcile = read_reconcile(map.get("reconcile"));
  // As they stand where they are absolute.
  out.database = around.path_of(out.database);
  out.journal = around.path_of(out.journal);
  return out;
}

}  // namespace config
