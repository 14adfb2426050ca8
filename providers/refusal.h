#pragma once
// An upstream's refusal, taken apart: what it says, wherever its shape puts it. OpenAI's shape,
// OpenRouter's (int, string or no code; availability), LiteLLM's ("None"), vLLM's and
// llama.cpp's, FastAPI's `detail`, a bare string. Owns its texts, which are the upstream's own
// words: they may quote the request and hold keys. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "providers/wire/json_document.h"

namespace providers {

struct Refusal {
  int status = 0;       // 0: none was given
  std::string message;  // its error message, for people
  std::string text;     // a body that is no JSON
  std::string raw;      // what the provider behind it answered, as it came
  std::string type;     // error.type, unless it is "None"
  std::string code;     // error.code where it is a word
  std::string kind;     // OpenRouter's error_type
  std::string availability;
  std::string param;
  bool moderated = false;
  std::optional<std::chrono::milliseconds> retry_after;
};

// What `root` says into `out`: an object with the `error` member, or the error itself. A status
// that `out` has already stays. `nested` is scratch; `now` is Unix seconds, for times to wait.
void read_refusal(JsonValue root, JsonDocument& nested, std::int64_t now, Refusal& out);

// Something that stands for an error although the answer is a 200: a truthy `error`, or
// vLLM's flat {"object":"error",…}.
bool holds_error(JsonValue object);
// The same of its members `error` and `object`, for whoever has them at hand.
bool stands_for_error(JsonValue error, JsonValue object);

// A page made for people (a proxy's, usually) is nothing to relay.
bool is_page(std::string_view text);

// A sentence, rather than a page or JSON that is broken or wrapped in something.
bool is_words(std::string_view text);

}  // namespace providers
