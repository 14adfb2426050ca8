#pragma once
// One trial as its client sees it. On the asker's thread.

#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/async.h"
#include "gateway/cli/chaos/plan.h"
#include "gateway/upstream/pool.h"

namespace gateway::cli::chaos {

struct Seen {
  enum class End : std::uint8_t {
    whole,    // all of the answer, and nothing else
    refused,  // an error, and nothing of an answer
    broken,   // part of the answer, then an error
    other,    // an end in order, and not the answer
    silent,   // no end in order and no error, or none within kNoLonger
  };
  End end = End::silent;
  int status = 0;
  std::string code;     // of the error
  std::string request;  // the gateway's id for it
  std::chrono::milliseconds took{0};
};

// A client that has waited so long gives up: the gateway hangs.
inline constexpr std::chrono::seconds kNoLonger{30};

Awaitable<Seen> ask(upstream::Pools& pools, std::uint16_t port, const std::string& key,
                    const Trial& trial);

}  // namespace gateway::cli::chaos
