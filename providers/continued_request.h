#pragma once
// A client's request as the next upstream is asked it, after the one before broke off in the
// middle of its answer. Owns its bytes; const once made.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "providers/chat_request.h"

namespace providers {

struct ContinuedRequest {
  std::string bytes;  // what `chat` looks at
  ChatRequest chat;
};

// `chat` with `given` as the assistant's last words (behind the client's own where its messages end
// with the assistant's), and so many tokens less to answer in, but `least` at any rate. An Error:
// its messages end in something that nothing can be put behind.
config::Result<std::unique_ptr<const ContinuedRequest>> continued(JsonWorkspace& json,
                                                                  const ChatRequest& chat,
                                                                  std::string_view given,
                                                                  std::int64_t fewer_tokens,
                                                                  std::int64_t least);

}  // namespace providers
