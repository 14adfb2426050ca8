#include "providers/seam.h"

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace providers {
namespace {

using Fit = Seam::Fit;

constexpr std::string_view kWhole =
    "You said: hello — Grüße aus 世界 🦊.\n\nA second paragraph follows, as it does,\tto the end.";

bool at_a_character(std::string_view text, std::size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
}

// What the client gets of a continuation that comes in two pieces; nullopt: it did not fit.
std::optional<std::string> joined(std::string_view delivered, std::size_t given,
                                  std::string_view said, std::size_t cut) {
  Seam seam(std::string(delivered), given);
  std::string out(delivered);
  seam.take(said.substr(0, cut), out);
  seam.take(said.substr(cut), out);
  if (seam.end(out) != Fit::fits) return std::nullopt;
  return out;
}

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  return std::string(begin == std::string_view::npos ? std::string_view() : text.substr(begin));
}

// For every place an answer can break off at, and every split of what comes then.
template <class Say>
void expect_exact_everywhere(Say say) {
  for (std::size_t at = 1; at < kWhole.size(); ++at) {
    if (!at_a_character(kWhole, at)) continue;
    const auto delivered = kWhole.substr(0, at);
    const std::size_t given = given_of(delivered);
    const std::string said = say(delivered, given);
    for (std::size_t cut = 0; cut <= said.size(); ++cut) {
      EXPECT_EQ(joined(delivered, given, said, cut), kWhole) << at << " " << cut << " " << said;
    }
  }
}

TEST(Seam, WhoGoesOnWhereItWasLeftIsExactAtEveryPlace) {
  expect_exact_everywhere(
      [](std::string_view, std::size_t given) { return std::string(kWhole.substr(given)); });
}

TEST(Seam, WhoTrimsTheBlankItBeginsWithIsExactAtEveryPlace) {
  expect_exact_everywhere(
      [](std::string_view, std::size_t given) { return trimmed(kWhole.substr(given)); });
}

TEST(Seam, WhoAddsABlankInFrontIsExactAtEveryPlace) {
  expect_exact_everywhere(
      [](std::string_view, std::size_t given) { return " " + trimmed(kWhole.substr(given)); });
}

TEST(Seam, WhoRepeatsWhatItWasGivenIsExactAtEveryPlace) {
  expect_exact_everywhere([](std::string_view, std::size_t) { return std::string(kWhole); });
}

TEST(Seam, WhoBeginsAnewIsExactAtEveryPlace) {
  for (std::size_t at = 1; at < kWhole.size(); ++at) {
    if (!at_a_character(kWhole, at)) continue;
    for (const std::string_view before : {"", " ", "\n"}) {
      EXPECT_EQ(joined(kWhole.substr(0, at), 0, std::string(before) + std::string(kWhole), 3),
                kWhole);
    }
  }
}

TEST(Seam, WhoSaysSomethingElseNeverComesOut) {
  for (std::size_t at = 1; at < kWhole.size(); ++at) {
    if (!at_a_character(kWhole, at)) continue;
    const auto delivered = kWhole.substr(0, at);
    for (const std::string_view other :
         {"Sure! Here it is: You said", "No way", "", " ", "\xE4\xB8\x95\xE7\x95\x8C"}) {
      for (const std::size_t given : {given_of(delivered), std::size_t{0}}) {
        Seam seam(std::string(delivered), given);
        std::string out;
        seam.take(other, out);
        EXPECT_EQ(seam.end(out), Fit::does_not) << at << other;
        seam.take("more", out);
        EXPECT_EQ(out, "");
      }
    }
  }
}

// Each byte of the repetition changed in turn.
TEST(Seam, ARepetitionThatDiffersByAByteDoesNotFit) {
  const auto delivered = kWhole.substr(0, 60);
  for (std::size_t at = 0; at < delivered.size(); ++at) {
    std::string said(kWhole);
    said[at] = '#';
    EXPECT_EQ(joined(delivered, 0, said, 7), std::nullopt) << at;
  }
}

TEST(Seam, TheProofIsTheLastWordOrSo) {
  const auto proof = [](std::string_view delivered) {
    return std::string(delivered.substr(given_of(delivered)));
  };
  EXPECT_EQ(proof("The capital of France"), " France");
  EXPECT_EQ(proof("The capital of Fr"), " of Fr");
  EXPECT_EQ(proof("The capital of France is "), " France is ");
  EXPECT_EQ(proof("and then I"), " then I");
  EXPECT_EQ(proof("line\n\n  indented"), "\n\n  indented");
  EXPECT_EQ(proof("Paris"), "Paris");
  EXPECT_EQ(proof("Parisian"), "Parisian");
  EXPECT_EQ(proof(""), "");
  EXPECT_EQ(proof(std::string(10, ' ')), std::string(10, ' '));
}

TEST(Seam, WithoutBlanksTheProofBeginsWithACharacter) {
  std::string chinese;
  for (int i = 0; i < 40; ++i) chinese += "世界";
  const auto given = given_of(chinese);
  EXPECT_EQ(chinese.substr(given), "世界");
  EXPECT_EQ(joined(chinese, given, "世界你好", 4), chinese + "你好");
  EXPECT_EQ(joined(chinese, given, "你好", 2), std::nullopt);
}

TEST(Seam, NoTextThatIsGivenEndsInABlankOrInsideACharacter) {
  for (std::size_t at = 1; at <= kWhole.size(); ++at) {
    if (!at_a_character(kWhole, at)) continue;
    const auto given = given_of(kWhole.substr(0, at));
    EXPECT_LT(given, at);
    EXPECT_TRUE(at_a_character(kWhole, given));
    if (given > 0)
      EXPECT_EQ(std::string_view(" \t\n").find(kWhole[given - 1]), std::string_view::npos);
  }
}

TEST(Seam, WhatMightBeEitherWaitsAndTheLongerMatchCounts) {
  // The proof alone, or all of it from the beginning?
  Seam seam("I think I think", given_of("I think I think"));
  std::string out;
  EXPECT_EQ(seam.take("I think", out), Fit::undecided);
  EXPECT_EQ(seam.take(" I thi", out), Fit::undecided);
  EXPECT_EQ(seam.take("nk so.", out), Fit::fits);
  EXPECT_EQ(out, " so.");
  EXPECT_EQ(seam.left_out(), "I think I think");
}

TEST(Seam, AnEndThatMightBeEitherFitsOnlyWhereItMakesNoDifference) {
  const std::string delivered = "well then, well then";
  const auto given = given_of(delivered);
  EXPECT_EQ(delivered.substr(given), " well then");
  std::string out;
  Seam nothing_more(delivered, given);
  EXPECT_EQ(nothing_more.take("well then", out), Fit::undecided);
  EXPECT_EQ(nothing_more.end(out), Fit::fits);
  Seam either(delivered, given);
  EXPECT_EQ(either.take("well then, we", out), Fit::undecided);
  EXPECT_EQ(either.end(out), Fit::does_not);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace providers
