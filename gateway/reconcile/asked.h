#pragma once
// A pass over the past as people ask for it (the command line's options, the admin API's body),
// and what it found as the command line prints it. Values and text; pure.

#include <string>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/config.h"
#include "gateway/reconcile/pass.h"

namespace gateway::reconcile {

struct Asked {
  std::string since;  // a day or a time; empty: 30 days ago
  std::string until;  // exclusive; empty: the end of today
  std::string provider;
  bool all = false;
  bool dry_run = false;
  std::string format;  // table, json or csv; empty: nobody prints it
};

// Errors: invalid_request, which names the member.
config::Result<Wanted> wanted_by(const Asked& asked, config::Clock::Wall now);
// An Error: no such provider is configured, so that nothing could be asked there. Empty: all.
config::Result<void> check_provider(const std::string& provider, const config::Config& config);
// As POST /api/reconcile takes it.
std::string to_json(const Asked& asked);

// A pass as it is printed, piece by piece, so that a long one shows that it lives.
class Printout {
 public:
  explicit Printout(const Asked& asked) : format_(asked.format), dry_run_(asked.dry_run) {}

  std::string heading() const;
  std::string line(const Finding& finding);
  std::string end(const Outcomes& outcomes) const;

 private:
  const std::string format_;
  const bool dry_run_;
  bool first_ = true;
};

}  // namespace gateway::reconcile
