#pragma once
// What an upstream says, without what it quotes of the request: some tell a client's prompt
// back in every error, and such texts go into the log. Pure; a walk over the request, so for
// errors only.

#include <string>

#include "providers/chat_request.h"

namespace providers {

// Shorter stretches are no quote: any two texts share them.
inline constexpr std::size_t kShortestQuote = 8;

// `text` with every stretch of kShortestQuote bytes or more that also stands in a string of
// the request (its model's name aside), however that was escaped, replaced by "***".
std::string without_quotes(const std::string& text, const ChatRequest& chat);

}  // namespace providers
