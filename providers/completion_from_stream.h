#pragma once
// A stream as the whole answer that was asked for: where an upstream streams all the same. Fed
// with what a decoder writes for a call that asks for usage, it keeps the answer alone. One per
// answer, one thread.

#include <memory>
#include <string_view>

#include "config/base/error.h"
#include "providers/adapter.h"

namespace providers {

class CompletionFromStream {
 public:
  CompletionFromStream();
  ~CompletionFromStream();
  CompletionFromStream(const CompletionFromStream&) = delete;
  CompletionFromStream& operator=(const CompletionFromStream&) = delete;

  // Whole events, as many as there are.
  config::Result<void> add(std::string_view events);

  // After the last of them. `decoder` is who wrote them, for `call`.
  Completion finish(const Call& call, const StreamDecoder& decoder) const;

 private:
  class Sum;
  std::unique_ptr<Sum> answer_;
};

}  // namespace providers
