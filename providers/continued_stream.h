#pragma once
// The rest of a stream that one upstream began and another goes on with. The second one's answer
// is decoded as any other; what its decoder wrote is then made to follow what the client has:
// under the same id, without a second role, without reasoning (it would stand in the middle of the
// answer), without the text that the client had (seam.h), and with one usage for all of it. One per
// continuation, one thread.

#include <optional>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "providers/adapter.h"
#include "providers/seam.h"
#include "providers/wire/json_document.h"

namespace providers {

// What the client has.
struct BegunStream {
  StreamDecoder::Frame frame;
  std::string content;
  Usage usage;  // of the first prompt, and all that was delivered
};

class ContinuedStream {
 public:
  // All outlive this. So many bytes of what has begun are given to the next upstream, `target`;
  // `spent` is what the attempts before have cost.
  ContinuedStream(const BegunStream& begun, std::size_t given, const config::Target& target,
                  const Cost& spent);

  // Appends what follows for the client. `events`: whole ones, as a decoder wrote them, and `usage`
  // what it knows by now; `stopped`: they end because we ended them. An Error: it does not fit, and
  // nothing of it has come out or will.
  config::Result<void> take(std::string_view events, const Usage& usage, bool stopped,
                            std::string& out);

  // The text that has come out.
  const std::string& content() const { return content_; }
  bool fits() const { return seam_.fit() == Seam::Fit::fits; }
  bool does_not_fit() const { return seam_.fit() == Seam::Fit::does_not; }
  bool finished() const { return finished_; }
  // Something came out besides content: nobody else could go on.
  bool has_called() const { return has_called_; }

  // Of the whole answer, as far as its last upstream has told.
  Usage usage(const Usage& of_the_rest) const;

 private:
  config::Result<void> take_chunk(JsonValue chunk, bool stopped, std::string& out);
  void write_usage(JsonValue chunk, const Usage& usage, std::string& out) const;

  const BegunStream& begun_;
  const config::Target& target_;
  const Cost& spent_;
  Seam seam_;
  JsonDocument document_;
  std::string content_;
  std::string hidden_;  // reasoning that is not shown
  bool has_called_ = false;
  bool finished_ = false;
};

}  // namespace providers
