#include "gateway/upstream/resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "gateway/upstream/errors.h"

namespace gateway::upstream {

// Shared with the lookup under way, which may end after the Resolver.
struct Resolver::Entry {
  std::string host;
  Addresses addresses;  // the last that were found
  error_code failure;   // of the last lookup
  std::optional<config::Clock::Steady> found_at;
  std::optional<config::Clock::Steady> failed_at;
  bool asking = false;
  config::Clock::Steady asked_at;  // the last time
  std::vector<Signal*> waiters;    // each in a coroutine that removes it before it leaves
};

Resolver::Resolver(const Executor& executor, Deadlines& deadlines, const config::Clock& clock,
                   Lookup lookup)
    : deadlines_(deadlines),
      clock_(clock),
      lookup_(lookup ? std::move(lookup) : system_lookup(executor)) {}

Resolver::~Resolver() = default;

void Resolver::ask(const std::shared_ptr<Entry>& entry) {
  entry->asking = true;
  entry->asked_at = clock_.now();
  // Const and outlives the io_context's handlers, so the callback may use it.
  const config::Clock* clock = &clock_;
  Done done = [entry, clock](error_code error, Addresses found) {
    if (!error && found.empty()) error = net::error::host_not_found;
    entry->asking = false;
    entry->failure = error;
    if (error) {
      entry->failed_at = clock->now();
    } else {
      entry->addresses = std::move(found);
      entry->found_at = clock->now();
      entry->failed_at.reset();
    }
    for (Signal* waiter : entry->waiters) waiter->announce();
  };
  lookup_(entry->host, std::move(done));
}

Awaitable<config::Result<Addresses>> Resolver::resolve(std::string_view host, Signal& wake) {
  error_code not_an_address;
  const auto address = net::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return Addresses{address};

  auto [place, is_new] = entries_.try_emplace(std::string(host));
  if (is_new) {
    place->second = std::make_shared<Entry>();
    place->second->host = host;
  }
  const std::shared_ptr<Entry> entry = place->second;

  const auto within = [](const std::optional<config::Clock::Steady>& since,
                         config::Clock::Steady now,
                         auto limit) { return since.has_value() && now - since.value() < limit; };
  const auto now = clock_.now();
  const bool fresh = within(entry->found_at, now, kFound);
  const bool just_failed = within(entry->failed_at, now, kFailed);
  if (!fresh && !just_failed) {
    if (!entry->asking) ask(entry);
    // A silent name server must not cost anybody the addresses that are known.
    const bool known = within(entry->found_at, now, kStale);
    const bool in_time = within(entry->asked_at, now, kPatience);
    if (entry->asking && (!known || in_time)) {
      Deadline enough(
          deadlines_, [](void* waiter) { static_cast<Signal*>(waiter)->announce(); }, &wake);
      if (known) enough.set(kPatience);
      entry->waiters.push_back(&wake);
      co_await wake.wait();
      std::erase(entry->waiters, &wake);
    }
  }

  const bool usable = within(entry->found_at, clock_.now(), kStale);
  if (entry->asking && !usable) co_return unavailable("name lookup given up");
  if (!usable) {
    co_return unavailable(
        fmt::format("cannot find the address of {}: {}", entry->host, entry->failure.message()));
  }
  co_return entry->addresses;
}

}  // namespace gateway::upstream
