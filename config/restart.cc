#include "config/restart.h"

namespace config {

std::vector<std::string_view> keep_what_needs_a_restart(Config& next, const Config& running) {
  std::vector<std::string_view> kept;
  const auto keep = [&kept](std::string_view name, auto& value, const auto& now) {
    if (value == now) return;
    kept.push_back(name);
    value = now;
  };
  // Its files may change at any time, but not whether there are any.
  const auto keep_tls = [&kept](std::string_view name, DoorTls& value, const DoorTls& now) {
    const bool same_limits = value.handshake_timeout == now.handshake_timeout &&
                             value.handshakes_at_once == now.handshakes_at_once;
    if (value.on() != now.on()) {
      value = now;
    } else if (!same_limits) {
      value.handshake_timeout = now.handshake_timeout;
      value.handshakes_at_once = now.handshakes_at_once;
    } else {
      return;
    }
    kept.push_back(name);
  };
  keep("server.listen", next.server.listen, running.server.listen);
  keep("server.workers", next.server.workers, running.server.workers);
  keep_tls("server.tls", next.server.tls, running.server.tls);
  keep_tls("admin.tls", next.admin.tls, running.admin.tls);
  keep("admin.listen", next.admin.listen, running.admin.listen);
  keep("admin.token_file", next.admin.token_file, running.admin.token_file);
  keep("admin.viewer_token_file", next.admin.viewer_token_file, running.admin.viewer_token_file);
  keep("log.level", next.log.level, running.log.level);
  keep("log.format", next.log.format, running.log.format);
  keep("log.file", next.log.file, running.log.file);
  keep("ledger.database", next.ledger.database, running.ledger.database);
  keep("ledger.journal", next.ledger.journal, running.ledger.journal);
  keep("ledger.mode", next.ledger.mode, running.ledger.mode);
  keep("ledger.journal_bytes", next.ledger.journal_bytes, running.ledger.journal_bytes);
  keep("ledger.keep_days", next.ledger.keep_days, running.ledger.keep_days);
  return kept;
}

}  // namespace config
