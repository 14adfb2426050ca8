#pragma once
// The fixture of the tests of Exchange: a target with limits short enough to wait for, and
// upstreams that answer with fixed bytes.

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/upstream/exchange_rig.h"
#include "tests/gateway/upstream/scripted_upstream.h"

namespace test {

inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

// Answers every request on a connection with the same bytes.
inline ScriptedUpstream::Script always(std::string answer) {
  return [answer](Peer& peer) {
    while (peer.read()) peer.send(answer);
  };
}

// Answers one request, then closes.
inline ScriptedUpstream::Script once(std::string answer) {
  return [answer](Peer& peer) {
    if (peer.read()) peer.send(answer);
  };
}

// Answers one request and says nothing more.
inline ScriptedUpstream::Script then_silence(std::string answer) {
  return [answer](Peer& peer) {
    if (peer.read()) peer.send(answer);
    peer.wait_for_close();
  };
}

class UpstreamExchange : public testing::Test {
 protected:
  void expect_error(const config::Result<Answer>& answer, config::ErrorCode code) {
    ASSERT_FALSE(answer) << answer->status << answer->body;
    EXPECT_EQ(answer.error().code, code) << answer.error().detail;
    // Callers learn what happened, not where.
    EXPECT_THAT(answer.error().message, testing::Not(testing::HasSubstr("127.0.0.1")));
    EXPECT_EQ(rig.pools.idle(), 0u);
  }

  config::Result<Answer> ask(const ScriptedUpstream& upstream) {
    const auto target = quick(upstream);
    return rig.ask(target);
  }

  // Limits short enough to wait for, long enough for a busy machine where they must not strike.
  static config::Target quick(const ScriptedUpstream& upstream) {
    auto target = target_at(upstream.port());
    target.timeouts.whole_answer = std::chrono::milliseconds(150);
    target.timeouts.first_byte = std::chrono::milliseconds(150);
    target.timeouts.idle = std::chrono::milliseconds(150);
    return target;
  }

  ExchangeRig rig;
};

}  // namespace test
