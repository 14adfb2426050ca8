#include "providers/reasoning_tags.h"

#include <gtest/gtest.h>

namespace providers {
namespace {

const config::Words kTags{"<reasoning>", "</reasoning>"};
const config::Words kStops{"<sep>", "<|endoftext|>"};

struct Texts {
  std::string reasoning;
  std::string answer;
  friend bool operator==(const Texts&, const Texts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Texts& texts) {
    return out << "[" << texts.reasoning << "] [" << texts.answer << "]";
  }
};

Texts split(std::string_view text, std::size_t piece, const config::Words& tags = kTags,
            const config::Words& stops = kStops) {
  ReasoningTags splitter(tags, stops);
  Texts out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    splitter.feed(text.substr(at, piece), out.reasoning, out.answer);
  }
  splitter.finish(out.reasoning, out.answer);
  return out;
}

TEST(ReasoningTags, ReasoningAndAnswerComeApart) {
  EXPECT_EQ(split("<reasoning>Hm.</reasoning>\n\n Paris.", 1000), (Texts{"Hm.", "Paris."}));
  EXPECT_EQ(split("\n<reasoning> a </reasoning>b <sep>\n", 1000), (Texts{" a ", "b"}));
}

TEST(ReasoningTags, TextWithoutTagsIsAnAnswer) {
  EXPECT_EQ(split(" Paris. ", 1000), (Texts{"", " Paris. "}));
  EXPECT_EQ(split("<reason> is no tag", 1000), (Texts{"", "<reason> is no tag"}));
  EXPECT_EQ(split("a <reasoning>b</reasoning>", 1000), (Texts{"", "a <reasoning>b</reasoning>"}));
}

TEST(ReasoningTags, AnUnfinishedThoughtIsNoAnswer) {
  EXPECT_EQ(split("<reasoning>Hm, so", 1000), (Texts{"Hm, so", ""}));
  EXPECT_EQ(split("<reasoning>Hm</reas", 1000), (Texts{"Hm</reas", ""}));
}

TEST(ReasoningTags, AStopStringIsTakenOffTheEndAlone) {
  EXPECT_EQ(split("a <sep> b <sep>", 1000), (Texts{"", "a <sep> b"}));
  EXPECT_EQ(split("a<|endoftext|>", 1000), (Texts{"", "a"}));
  EXPECT_EQ(split("a <se", 1000), (Texts{"", "a <se"}));
  EXPECT_EQ(split("<sep>", 1000), (Texts{"", ""}));
}

TEST(ReasoningTags, WithoutTagsOnlyStopStringsAreLookedFor) {
  EXPECT_EQ(split("<reasoning>a</reasoning>b<sep>", 1000, {}),
            (Texts{"", "<reasoning>a</reasoning>b"}));
  EXPECT_EQ(split("<reasoning>a</reasoning>b<sep>", 1000, kTags, {}), (Texts{"a", "b<sep>"}));
}

TEST(ReasoningTags, TagsAreTextOnceReasoningHasAFieldOfItsOwn) {
  ReasoningTags splitter(kTags, kStops);
  Texts out;
  splitter.ignore_tags();
  splitter.feed("<reasoning>a", out.reasoning, out.answer);
  splitter.finish(out.reasoning, out.answer);
  EXPECT_EQ(out, (Texts{"", "<reasoning>a"}));
}

TEST(ReasoningTags, AnySplitGivesTheSameTexts) {
  for (const std::string_view text :
       {"<reasoning>Hm.</reasoning>\n\n Paris. <sep>", "\n <reasoning>a</reasoning", "<reasoning",
        "a <sep><sep> \n", "<reasoning></reasoning><sep>", "<sep> <sep", "x < y <s e> <sep>z",
        "<reasoning><reasoning></reasoning></reasoning>", " \n", "", "a<|endoftext|><sep>",
        "<reasoning>\xf0\x9f\x98\x80</reasoning>\xf0\x9f\x98\x80<sep>"}) {
    const Texts whole = split(text, 1000);
    for (std::size_t piece = 1; piece < text.size(); ++piece) {
      EXPECT_EQ(split(text, piece), whole) << text << " in pieces of " << piece;
    }
  }
}

TEST(ReasoningTags, WhatCannotBecomeATagIsNotHeldBack) {
  ReasoningTags splitter(kTags, kStops);
  Texts out;
  splitter.feed("Par", out.reasoning, out.answer);
  EXPECT_EQ(out.answer, "Par");
  splitter.feed("is <", out.reasoning, out.answer);
  EXPECT_EQ(out.answer, "Paris");
  splitter.feed("3", out.reasoning, out.answer);
  EXPECT_EQ(out.answer, "Paris <3");
}

}  // namespace
}  // namespace providers
