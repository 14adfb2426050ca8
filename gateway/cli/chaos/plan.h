#pragma once
// What a drill tries: for each route of the operator's, each failure of the target that is asked
// first, streamed and whole; and the configuration in which a gateway of the drill's own has a
// model for each of these trials. Nothing of the operator's is in it but how requests are handled:
// no address, no key, no budget, no file. Pure.

#include <chrono>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/cli/chaos/failures.h"
#include "gateway/cli/chaos/upstream.h"
#include "gateway/snapshot.h"

namespace gateway::cli::chaos {

// Time limits of a target that fails are no longer than this, so that a drill ends soon.
inline constexpr std::chrono::milliseconds kLongestLimit{1'000};

struct Trial {
  const Failure* failure = nullptr;
  bool streamed = false;
  providers::Operation operation = providers::Operation::chat;
  std::string route;    // the operator's name of it
  std::string model;    // the drill's
  std::string failing;  // target
  int others = 0;       // targets that could answer instead
  bool rescued = true;  // a stream that breaks off may be gone on with
  // What a client of the operator's gateway would wait for until somebody else is asked: a time
  // limit of the target, the hedge, or the route's deadline, whatever is first; zero: for none.
  std::chrono::milliseconds limit{0};
};

struct Plan {
  config::Config config;
  std::vector<Trial> trials;
};

// `only`: names of routes; empty: all of them. `key` may ask for every model. Ledger, tokens and
// log are put into `folder`.
Plan plan(const Snapshot& operators, const std::vector<std::string>& only, const Upstream& upstream,
          const std::string& key, const std::string& folder);

// "provider/model", as the operator calls what the plan calls "provider/model#12".
std::string operators_name(const config::TargetName& target);

}  // namespace gateway::cli::chaos
