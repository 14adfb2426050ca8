#include "tests/bench/wire/message_reader.h"

#include <string>

#include <gtest/gtest.h>

namespace bench {
namespace {

// The parts of `wire` when it comes `size` bytes at a time: h(ead), the body's bytes, e(nd), !
// (malformed).
std::string parts_of(MessageReader::Of what, std::string_view wire, std::size_t size) {
  MessageReader reader(what);
  std::string told;
  while (!wire.empty()) {
    auto bytes = wire.substr(0, size);
    wire.remove_prefix(bytes.size());
    for (auto part = reader.next(bytes); part.kind != Part::more; part = reader.next(bytes)) {
      if (part.kind == Part::head) told += 'h';
      if (part.kind == Part::body) told += part.bytes;
      if (part.kind == Part::end) told += 'e';
      if (part.kind == Part::malformed) return told + '!';
    }
  }
  return told;
}

void expect_parts(MessageReader::Of what, std::string_view wire, const std::string& parts) {
  for (std::size_t size = 1; size <= wire.size(); ++size)
    EXPECT_EQ(parts_of(what, wire, size), parts) << "by " << size;
}

TEST(BenchMessageReader, AnySplitOfRequestsGivesTheSame) {
  expect_parts(MessageReader::Of::requests,
               "POST / HTTP/1.1\r\ncontent-LENGTH: 3\r\nHost: x\r\n\r\nabc"
               "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
               "habcehe");
}

TEST(BenchMessageReader, AnySplitOfChunksGivesTheSame) {
  expect_parts(MessageReader::Of::responses,
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
               "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
               "habcdeehe");
}

TEST(BenchMessageReader, WhatIsNoHttpIsMalformed) {
  const auto responses = MessageReader::Of::responses;
  EXPECT_EQ(parts_of(responses, "HTTP/1.0 200 OK\r\n\r\n", 100), "!");
  EXPECT_EQ(parts_of(responses, "HTTP/1.1 abc OK\r\n\r\n", 100), "!");
  EXPECT_EQ(parts_of(responses, "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", 100), "!");
  EXPECT_EQ(parts_of(responses, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 100),
            "h!");
}

TEST(BenchMessageReader, TellsTheStatus) {
  MessageReader reader(MessageReader::Of::responses);
  std::string_view bytes = "HTTP/1.1 429 Too Many Requests\r\n\r\n";
  EXPECT_EQ(reader.next(bytes).kind, Part::head);
  EXPECT_EQ(reader.status(), 429);
}

}  // namespace
}  // namespace bench
