#pragma once
// How the numbered cases are judged: one connection per case, raw bytes in, and for every
// case a good request on a fresh connection is served afterwards.

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/http/live_door.h"

namespace gateway::http {

// A door for all cases of a suite; whatever a case does, the next finds it well.
class DoorCases : public testing::Test {
 protected:
  // Sends `bytes` and expects one answer with one of `statuses`, or none where
  // `or_closed`, and then the connection's end, promptly, with no handler having run.
  void expect_refused(std::string_view bytes, const std::vector<unsigned>& statuses,
                      bool or_closed = false) {
    SCOPED_TRACE(testing::PrintToString(std::string(bytes.substr(0, 300))));
    const std::size_t served_before = door_.served().size();
    const auto begun = std::chrono::steady_clock::now();
    test::RawClient client(door_.port());
    client.send(bytes);
    const auto answers = client.receive_all();
    EXPECT_TRUE(client.closed(std::chrono::milliseconds(0)));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
    if (!or_closed || !answers.empty()) {
      EXPECT_EQ(answers.size(), 1U);
    }
    if (!answers.empty()) {
      EXPECT_THAT(statuses, testing::Contains(answers[0].status));
      EXPECT_TRUE(answers[0].whole);
      EXPECT_EQ(answers[0].find("connection"), "close");
      EXPECT_THAT(answers[0].body, testing::StartsWith(R"({"error":{"message":)"));
    }
    EXPECT_EQ(door_.served().size(), served_before);
    expect_well();
  }

  // The statuses of all answers until the server closes; the last request should ask for it.
  std::vector<unsigned> statuses(std::string_view bytes) {
    std::vector<unsigned> found;
    for (const test::Answer& answer : door_.exchange(bytes)) found.push_back(answer.status);
    expect_well();
    return found;
  }

  void expect_well() {
    test::RawClient client(door_.port());
    ASSERT_TRUE(client.send(chat_request()));
    const auto answer = client.receive();
    ASSERT_TRUE(answer && answer->whole);
    EXPECT_EQ(answer->status, 200U);
  }

  LiveDoor door_;
};

inline std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
         "\r\n";
}
inline std::string last_get(std::string_view path) {
  return get(path, "Connection: close\r\n");
}

// A chat request with these field lines instead of a Content-Length, and what follows it.
inline std::string chat_with(std::string_view fields, std::string_view rest,
                             std::string_view version = "HTTP/1.1") {
  return "POST /v1/chat/completions " + std::string(version) +
         "\r\nHost: localhost\r\nAuthorization: Bearer key\r\n"
         "Content-Type: application/json\r\n" +
         std::string(fields) + "\r\n" + std::string(rest);
}
inline std::string chunked_chat(std::string_view chunks) {
  return chat_with("Transfer-Encoding: chunked\r\n", chunks);
}

}  // namespace gateway::http
