#include "providers/wire/sse_parser.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace providers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What a stream means: its events, then "!" where it overflowed.
using Events = std::vector<std::string>;

void drain(SseParser& parser, Events& events) {
  const auto note = [&](const SseEvent& event) {
    std::string text(event.data);
    if (!event.name.empty()) text = std::string(event.name) + "=" + text;
    events.push_back(std::move(text));
  };
  while (auto event = parser.next()) note(*event);
}

void end(SseParser& parser, Events& events) {
  if (auto event = parser.finish()) events.emplace_back(event->data);
  if (parser.overflowed()) events.emplace_back("!");
}

Events events_of(std::string_view stream, std::size_t piece, std::size_t cap = 8 << 20) {
  SseParser parser(cap);
  Events events;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    // A copy of exactly this size, so that reading past it is seen by sanitizers.
    const std::string bytes(stream.substr(at, piece));
    parser.feed(bytes);
    drain(parser, events);
  }
  end(parser, events);
  return events;
}

Events events_of(std::string_view stream) {
  return events_of(stream, stream.size() + 1);
}

// A stream cut in two at `cut`.
Events events_cut_at(std::string_view stream, std::size_t cut) {
  SseParser parser;
  Events events;
  parser.feed(stream.substr(0, cut));
  drain(parser, events);
  parser.feed(stream.substr(cut));
  drain(parser, events);
  end(parser, events);
  return events;
}

const std::string kChat =
    "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":\"Par\"}}]}\n\n"
    "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":\"is\"}}]}\n\n"
    "data: [DONE]\n\n";

// Every habit of the format in one stream.
const std::string kOddities =
    "\xEF\xBB\xBF: OPENROUTER PROCESSING\n\n"
    "data: one\r\n\r\n"
    "data:two\r\r"
    "event: error\ndata: three\n\n"
    "data: four\ndata:five\r\ndata\rdata:  six\n\n"
    ": between\nid: 7\nretry: soon\ndata: seven\n: inside\ndata: eight\n\n"
    "event: lost\n\n"
    "Data: no\n data: no\ndata\0: no\n\n"
    "data: \xF0\x9F\x98\x80 \xE2\x80\xA8 \xC2\x85\n\n\n\n"
    "data: last";

TEST(SseParser, E01_APlainChatStreamIsItsEvents) {
  EXPECT_THAT(events_of(kChat),
              ElementsAre(R"({"id":"c1","choices":[{"delta":{"content":"Par"}}]})",
                          R"({"id":"c1","choices":[{"delta":{"content":"is"}}]})", "[DONE]"));
}

TEST(SseParser, AnySplitGivesTheSameEvents) {
  for (const std::string& stream : {kChat, kOddities}) {
    const Events whole = events_of(stream);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      EXPECT_EQ(events_cut_at(stream, cut), whole) << cut;
      EXPECT_EQ(events_of(stream, cut + 1), whole) << cut;
    }
  }
}

TEST(SseParser, RandomBytesMeanTheSameHoweverTheyAreSplit) {
  std::mt19937 random(20'240'607);
  const std::string_view pieces[] = {"data",         "data:", "data: ", "\n",  "\r",
                                     "\r\n",         ":",     "event",  ": x", "x",
                                     "\xEF\xBB\xBF", "\xEF",  "id:1",   " "};
  for (int round = 0; round < 3000; ++round) {
    std::string stream;
    for (unsigned i = random() % 40; i > 0; --i) stream += pieces[random() % std::size(pieces)];
    const std::size_t cap = random() % 2 == 0 ? 12 : 8 << 20;
    const Events whole = events_of(stream, stream.size() + 1, cap);
    for (const std::size_t piece : {1u, 2u, 3u, 7u}) {
      ASSERT_EQ(events_of(stream, piece, cap), whole) << testing::PrintToString(stream);
    }
  }
}

TEST(SseParser, E02_LinesEndInLfCrlfOrCr) {
  const auto abc = ElementsAre("a", "b", "c");
  EXPECT_THAT(events_of("data: a\n\ndata: b\n\ndata: c\n\n"), abc);
  EXPECT_THAT(events_of("data: a\r\n\r\ndata: b\r\n\r\ndata: c\r\n\r\n"), abc);
  EXPECT_THAT(events_of("data: a\r\rdata: b\r\rdata: c\r\r"), abc);
  EXPECT_THAT(events_of("data: a\r\n\ndata: b\n\rdata: c\r\r\n"), abc);
}

TEST(SseParser, E02_ACrThatEndsASegmentEndsItsLineAtOnce) {
  SseParser parser;
  Events events;
  parser.feed("data: a\r\n\r");
  drain(parser, events);
  EXPECT_THAT(events, ElementsAre("a"));
  parser.feed("\ndata: b\r\n\r\n");
  drain(parser, events);
  EXPECT_THAT(events, ElementsAre("a", "b"));
}

TEST(SseParser, E03_OneByteOrderMarkIsSkippedASecondMakesTheLineUnknown) {
  EXPECT_THAT(events_of("\xEF\xBB\xBF"
                        "data: a\n\n"),
              ElementsAre("a"));
  EXPECT_THAT(events_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                        "data: a\n\ndata: b\n\n"),
              ElementsAre("b"));
  EXPECT_THAT(events_of("data: a\n\n\xEF\xBB\xBF"
                        "data: b\n\n"),
              ElementsAre("a"));
}

TEST(SseParser, E04_CommentsAreCountedAndAreNoEvents) {
  SseParser parser;
  Events events;
  for (int i = 0; i < 1000; ++i) parser.feed(": OPENROUTER PROCESSING\n\n");
  drain(parser, events);
  EXPECT_THAT(events, IsEmpty());
  EXPECT_EQ(parser.comments(), 1000u);
  EXPECT_EQ(parser.lines(), 1000u);
  EXPECT_FALSE(parser.overflowed());
}

TEST(SseParser, E05_FieldNamesAreExactAndOneSpaceIsDropped) {
  EXPECT_THAT(events_of("data:x\n\ndata: x\n\ndata:  x\n\n"), ElementsAre("x", "x", " x"));
  EXPECT_THAT(events_of("data\n\n"), ElementsAre(""));
  EXPECT_THAT(events_of("data\ndata\n\n"), ElementsAre("\n"));
  EXPECT_THAT(events_of("Data:x\n\n data:x\n\n"), IsEmpty());
  EXPECT_THAT(events_of(std::string_view("data\0:x\n\n", 9)), IsEmpty());
}

TEST(SseParser, E06_SeveralDataLinesAreJoinedByLf) {
  EXPECT_THAT(events_of("data: {\"a\":\ndata: 1}\n\n"), ElementsAre("{\"a\":\n1}"));
}

TEST(SseParser, E07_EventNamesAreShownIdAndRetryAreNot) {
  EXPECT_THAT(events_of("event: error\nid: 1\nretry: x\ndata: a\n\ndata: b\n\n"),
              ElementsAre("error=a", "b"));
  EXPECT_THAT(events_of("data: a\nevent: late\ndata: b\n\n"), ElementsAre("late=a\nb"));
}

TEST(SseParser, E08_AnUnterminatedLastEventCounts) {
  EXPECT_THAT(events_of("data: a\n\ndata: [DONE]"), ElementsAre("a", "[DONE]"));
  EXPECT_THAT(events_of("data: [DONE]\n"), ElementsAre("[DONE]"));
  EXPECT_THAT(events_of("data: a\n\nevent: x"), ElementsAre("a"));
}

TEST(SseParser, E17_LargeEventsPassUpToTheCap) {
  for (const std::size_t size : {std::size_t{64} << 10, std::size_t{1} << 20}) {
    const std::string data(size, 'x');
    EXPECT_THAT(events_of("data: " + data + "\n\ndata: b\n\n", 4096), ElementsAre(data, "b"));
  }
}

TEST(SseParser, E17_AnEndlessLineOverflowsAndNothingMoreComesOut) {
  SseParser parser;
  const std::string piece(64 << 10, 'x');
  parser.feed("data: a\n\ndata: ");
  Events events;
  std::size_t fed = 0;
  while (!parser.overflowed() && fed < (std::size_t{256} << 20)) {
    drain(parser, events);
    parser.feed(piece);
    fed += piece.size();
  }
  EXPECT_LE(fed, (std::size_t{8} << 20) + (std::size_t{128} << 10));
  parser.feed("\n\ndata: b\n\n");
  drain(parser, events);
  EXPECT_THAT(events, ElementsAre("a"));
}

TEST(SseParser, E17_ManyShortDataLinesOfOneEventOverflowToo) {
  std::string stream;
  while (stream.size() < 4096) stream += "data: xxxx\n";
  EXPECT_THAT(events_of(stream, 100, 1024), ElementsAre("!"));
}

TEST(SseParser, E19_UnicodeLineSeparatorsAreNoLineEnds) {
  EXPECT_THAT(events_of("data: a\xE2\x80\xA8"
                        "b\xC2\x85"
                        "c\v\f\n\n"),
              ElementsAre("a\xE2\x80\xA8"
                          "b\xC2\x85"
                          "c\v\f"));
}

TEST(SseParser, E20_ACharacterCutBetweenSegmentsStaysWhole) {
  const std::string smile = "data: \xF0\x9F\x98\x80\n\n";
  for (std::size_t cut = 1; cut < smile.size(); ++cut) {
    EXPECT_THAT(events_cut_at(smile, cut), ElementsAre("\xF0\x9F\x98\x80"));
  }
}

TEST(SseParser, E23_AHundredEventsInOneSegmentComeOutTogether) {
  std::string stream;
  for (int i = 0; i < 100; ++i) stream += "data: " + std::to_string(i) + "\n\n";
  EXPECT_EQ(events_of(stream).size(), 100u);
}

TEST(SseParser, EventsOfOneFeedStandSideBySide) {
  SseParser parser;
  parser.feed("data: a1\ndata: a2\n\ndata: b\n\ndata: c1\ndata: c2\n\ndata: part");
  const auto a = parser.next();
  const auto b = parser.next();
  const auto c = parser.next();
  ASSERT_TRUE(a && b && c);
  EXPECT_FALSE(parser.next());
  EXPECT_EQ(a->data, "a1\na2");
  EXPECT_EQ(b->data, "b");
  EXPECT_EQ(c->data, "c1\nc2");
}

TEST(SseParser, AnOverflowLeavesEarlierEventsOfTheFeedAlone) {
  SseParser parser(16);
  parser.feed("data: first\n\ndata: much too long for the cap\n\n");
  const auto first = parser.next();
  EXPECT_FALSE(parser.next());
  EXPECT_TRUE(parser.overflowed());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data, "first");
}

}  // namespace
}  // namespace providers
