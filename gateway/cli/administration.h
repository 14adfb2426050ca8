#pragma once
// How the command line reaches the keys: through the admin API of the gateway that holds the
// ledger, or where none does, in the ledger itself. Either way it asks the same questions and
// gets the same answers. One thread; blocks.

#include <memory>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/admin/keys_api.h"
#include "gateway/http/request.h"

namespace gateway::cli {

class Administration {
 public:
  virtual ~Administration() = default;

  // `path` from /api on, percent-encoded, perhaps with a query. What the other side refuses is an
  // Error too.
  virtual config::Result<std::string> ask(http::verb method, const std::string& path,
                                          const std::string& body) = 0;
};

// Whoever holds the ledger of this configuration, which outlives what is returned. Makes the
// ledger where there is none yet and no gateway runs.
config::Result<std::unique_ptr<Administration>> administration(const config::Config& config);

// One segment of a path.
std::string percent_encoded(std::string_view text);

}  // namespace gateway::cli
