#pragma once
// The upstream of a drill: answers every dialect, or fails as the address it is asked at says
// ("/silent/v1/chat/completions"). On the loopback, on a thread of its own, until it is destroyed.
//
// It is no copy of the simulator in tests/support: that one knows every oddity of every provider,
// in a second HTTP and JSON of its own, and has no business in the program that is shipped. What a
// drill needs is one good answer per shape and a dozen ways to break it.

#include <cstdint>
#include <memory>

#include "config/base_url.h"
#include "gateway/cli/chaos/failures.h"

namespace gateway::cli::chaos {

class Upstream {
 public:
  // Throws std::system_error where it cannot listen.
  Upstream();
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // Where a target of that address fails so; nullptr: where it answers.
  config::BaseUrl instead_of(const config::BaseUrl& real, const Failure* failure) const;

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace gateway::cli::chaos
