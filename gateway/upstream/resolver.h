#pragma once
// Host names to addresses, cached per worker: found names for kFound, failures for
// kFailed, and a name that was found once keeps its old addresses while a lookup
// fails or takes longer than kPatience, for at most kStale. Lookups of one name at the
// same time are one lookup.
// The worker's thread only (a thread for each lookup asks the system).

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/upstream/signal.h"

namespace gateway::upstream {

using Addresses = std::vector<net::ip::address>;

class Resolver {
 public:
  static constexpr std::chrono::seconds kFound{30};
  static constexpr std::chrono::seconds kFailed{1};
  static constexpr std::chrono::minutes kStale{5};
  static constexpr std::chrono::milliseconds kPatience{500};

  // Asks for a name and calls `done` once, later, on the worker's thread.
  using Done = std::function<void(error_code, Addresses)>;
  using Lookup = std::function<void(const std::string& host, Done done)>;

  Resolver(const Executor& executor, Deadlines& deadlines, const config::Clock& clock,
           Lookup lookup = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Never empty where it succeeds. `wake` is announced by the caller to give up early:
  // then the result is an error too. An address as `host` is itself.
  Awaitable<config::Result<Addresses>> resolve(std::string_view host, Signal& wake);

 private:
  struct Entry;
  struct Cache;

  void ask(const std::shared_ptr<Entry>& entry);

  Deadlines& deadlines_;
  const config::Clock& clock_;
  Lookup lookup_;
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
};

// system_lookup.cc: getaddrinfo, on a thread for each lookup.
Resolver::Lookup system_lookup(const Executor& executor);

}  // namespace gateway::upstream
