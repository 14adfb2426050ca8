#pragma once
// Where one upstream's answer broke off and another's goes on. All that is known of the second
// is its text, so that text has to prove what it is. Pure.
//
// The proof. What was delivered is cut in two: what the next upstream is given to go on from,
// and the proof, the last word or so, which it has to say again. Then a continuation is known
// from an answer that was begun anew; a blank that either upstream trims stands inside what was
// delivered already; and nobody is given a text that ends in a blank, which many trim or refuse.
// An upstream that is given nothing (a restart, or one word that was delivered) has all of it to
// say again.
//
// The rules, with blanks at the beginning of either text left out of the comparison:
//   1. A text that begins with all that was delivered repeats it: the rest goes on.
//   2. Else, one that begins with the proof is a continuation: what stands behind it goes on.
//   3. Else it does not fit.
// Behind that beginning nothing is changed, byte for byte. Until one of them is certain, nothing
// comes out; a text that ends while it might still be either fits only where that makes no
// difference.
//
// What cannot be known. An answer begun anew whose first words happen to be the proof passes for
// a continuation. An upstream that would have gone on sensibly in other words is refused, and so
// is one that repeats a part of what it was given. A text that only repeats itself ("ha ha ha")
// is taken for the repetition of what was delivered.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace providers {

// How many bytes of what was delivered the next upstream is given; the proof is what is left. It
// begins with the blanks before a word; where there are none for long (Chinese, a URL), with a
// character.
std::size_t given_of(std::string_view delivered);

class Seam {
 public:
  enum class Fit : std::uint8_t { undecided, fits, does_not };

  // `given`: so many bytes of `delivered`, or 0.
  Seam(std::string delivered, std::size_t given);

  // Appends what of the next upstream's text the client has not had. Nothing more comes out of
  // one that does not fit.
  Fit take(std::string_view text, std::string& out);
  // The same, where no more text comes.
  Fit end(std::string& out);

  Fit fit() const { return fit_; }
  // What was left out of a text that fits, since the client had it; what was kept back of any
  // other.
  std::string_view left_out() const { return begin_; }

 private:
  Fit decide(bool ended, std::string& out);
  Fit goes_on(std::size_t from, std::string& out);

  const std::string delivered_;
  const std::size_t given_;
  std::string begin_;  // of the text, until it is decided; then what was left out
  Fit fit_ = Fit::undecided;
};

}  // namespace providers
