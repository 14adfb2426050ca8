#pragma once
// GET /api/usage on the admin listener: who spent what, from the ledger's sums, as JSON or
// CSV. The ledger is read by the threads for questions; the listener's thread waits for none.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/base/clock.h"
#include "gateway/admin/api_endpoints.h"
#include "gateway/ledger/usage_query.h"
#include "gateway/query_threads.h"

namespace gateway::admin {

struct UsageSource {
  std::string database;
  std::string zone;  // whose days, unless the question names one
  // How far the ledger is behind the journals; nullopt: not known here.
  std::function<std::optional<std::int64_t>()> lag_ms;
  // Both outlive what answers.
  const config::Clock& clock;
  QueryThreads& queries;
};
Handle usage_handle(UsageSource source);

// The parameters of a URL's query, as HTML forms write them. An Error (invalid_request) where
// an escape is broken or the text is not UTF-8.
config::Result<std::vector<Parameter>> parameters_of(std::string_view query);

}  // namespace gateway::admin
