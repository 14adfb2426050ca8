#include "config/read_scalars.h"
#include "config/sections.h"

namespace config {

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
  // As they stand where they are absolute.
  out.database = around.path_of(out.database);
  out.journal = around.path_of(out.journal);
  return out;
}

}  // namespace config
